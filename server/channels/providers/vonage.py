"""Vonage Voice: an NCCO webhook with a signed JWT, and a websocket of raw PCM opened by ticket.

https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks and
https://developer.vonage.com/en/voice/voice-api/concepts/websockets
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import jwt
from pipecat.serializers.vonage import VonageFrameSerializer

from server.channels.providers.media_streams import event_of
from server.channels.providers.provider import Answer, Provider, Request, Ringing, Stream

RATE = 16000
FRESH = 300.0


class Vonage(Provider):
    """One account.

    Args:
        secret: Its signature secret.
    """

    name = "vonage"

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def is_signed(self, request: Request) -> bool:
        """A JWT (HS256) of the last five minutes that holds the hash of the body."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                options={"require": ["iat"], "verify_aud": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            return False
        if abs(request.now - float(claims["iat"])) > FRESH:
            return False
        return bool(claims.get("payload_hash") == hashlib.sha256(request.body).hexdigest())

    def may_stream(self, request: Request) -> bool:
        """Its websocket is not signed: the ticket in the url is all."""
        return True

    def ringing(self, request: Request) -> Ringing | None:
        """Uuid and from of its JSON."""
        told = event_of(request.body.decode("utf-8", "replace"))
        call = told.get("uuid")
        return Ringing(str(call), str(told.get("from", ""))) if call else None

    def answer(self, url: str) -> Answer:
        """Connect the call to our websocket; when it closes, the call ends."""
        endpoint = {
            "type": "websocket",
            "uri": url,
            "content-type": f"audio/l16;rate={RATE}",
            "headers": {},
        }
        return Answer(
            json.dumps([{"action": "connect", "endpoint": [endpoint]}]), "application/json"
        )

    def busy(self) -> Answer:
        """An empty NCCO: it knows no refusal, and ends a call that has nothing more to do."""
        return Answer("[]", "application/json")

    def stream(self, message: str) -> Stream | None:
        """From `websocket:connected`."""
        event = event_of(message)
        if event.get("event") != "websocket:connected":
            return None
        rate = 8000 if "rate=8000" in str(event.get("content-type")) else RATE
        params = VonageFrameSerializer.InputParams(vonage_sample_rate=rate, sample_rate=rate)
        return Stream(VonageFrameSerializer(params=params), rate, {})

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """A notify that came back once the audio before it had sounded."""
        if message.get("event") != "websocket:notify":
            return None
        payload = message.get("payload")
        return str(payload.get("mark", "")) if isinstance(payload, dict) else ""

    def marking(self, stream: Stream, name: str) -> str | None:
        """A `notify` command."""
        return json.dumps({"action": "notify", "payload": {"mark": name}})
