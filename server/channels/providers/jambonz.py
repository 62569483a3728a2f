"""jambonz: a signed webhook answered with the verb `listen`, and a websocket of raw PCM.

https://docs.jambonz.org/verbs/verbs/listen and, for Jambonz-Signature, its webhooks' security.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from server.channels.providers.media_streams import event_of
from server.channels.providers.provider import Answer, Provider, Request, Ringing, Stream
from server.channels.providers.raw import RawSerializer

RATE = 16000
RATES = (8000, 16000, 24000)
FRESH = 300.0


class Jambonz(Provider):
    """One account.

    Args:
        secret: Its webhook secret.
    """

    name = "jambonz"
    subprotocol = "audio.jambonz.org"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def is_signed(self, request: Request) -> bool:
        """Jambonz-Signature `t=…,v1=…`: HMAC-SHA256 over `t.body`, of the last five minutes."""
        parts = [p.partition("=") for p in request.headers.get("jambonz-signature", "").split(",")]
        stamp = next((value for key, _, value in parts if key.strip() == "t"), "")
        if not stamp.isdecimal() or abs(request.now - int(stamp)) > FRESH:
            return False
        text = stamp.encode() + b"." + request.body
        ours = hmac.new(self._secret, text, hashlib.sha256).hexdigest().encode()
        given = [value.strip().encode() for key, _, value in parts if key.strip() == "v1"]
        return any(hmac.compare_digest(ours, one) for one in given)

    def may_stream(self, request: Request) -> bool:
        """Its websocket is not signed: the ticket in the url is all."""
        return True

    def ringing(self, request: Request) -> Ringing | None:
        """call_sid and from of its JSON; a call's status tells of no new one."""
        told = event_of(request.body.decode("utf-8", "replace"))
        call = told.get("call_sid")
        new = told.get("call_status", "trying") in ("trying", "ringing", "early-media")
        return Ringing(str(call), str(told.get("from", ""))) if call and new else None

    def answer(self, url: str) -> Answer:
        """Listen to the caller and stream back; when it ends, no verb follows and the call ends."""
        listen = {
            "verb": "listen",
            "url": url,
            "actionHook": "/v1/jambonz",
            "mixType": "mono",
            "sampleRate": RATE,
            "passDtmf": True,
            "bidirectionalAudio": {"enabled": True, "streaming": True, "sampleRate": RATE},
        }
        return Answer(json.dumps([{"verb": "answer"}, listen]), "application/json")

    def busy(self) -> Answer:
        """The verb `sip:decline`, alone (docs.jambonz.org/verbs/verbs/sip-decline)."""
        return Answer(json.dumps([{"verb": "sip:decline", "status": 486}]), "application/json")

    def stream(self, message: str) -> Stream | None:
        """From the call's attributes, its first message."""
        told = event_of(message)
        rate = told.get("sampleRate")
        if rate not in RATES or told.get("mixType", "mono") != "mono":
            return None
        return Stream(
            RawSerializer(rate, {"type": "killAudio"}, _digit),
            rate,
            {},
            goodbye=lambda _: json.dumps({"type": "disconnect"}),
        )

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """A mark that was played out; one that was cleared names nothing."""
        data = message.get("data")
        if message.get("type") != "mark" or not isinstance(data, dict):
            return None
        return str(data.get("name", "")) if data.get("event") == "playout" else ""

    def marking(self, stream: Stream, name: str) -> str | None:
        """A `mark` message."""
        return json.dumps({"type": "mark", "data": {"name": name}})


def _digit(message: dict[str, Any]) -> str | None:
    return str(message.get("dtmf")) if message.get("event") == "dtmf" else None
