"""Twilio Media Streams: TwiML webhook, signed, and a websocket that is signed too.

https://www.twilio.com/docs/usage/security#validating-requests and
https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from pipecat.serializers.twilio import TwilioFrameSerializer

from server.channels.providers.media_streams import (
    BUSY,
    connect_stream,
    event_of,
    named_mark,
    with_name,
    xml,
)
from server.channels.providers.provider import Answer, Provider, Request, Ringing, Stream

RATE = 8000


class Twilio(Provider):
    """One account.

    Args:
        secret: Its auth token.
    """

    name = "twilio"
    methods = ("GET", "POST")

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def is_signed(self, request: Request) -> bool:
        """X-Twilio-Signature: HMAC-SHA1 over the exact url and the sorted form."""
        return self._signed(request, (request.url,))

    def may_stream(self, request: Request) -> bool:
        """The same over the websocket's url, which Twilio has signed with and without a slash."""
        return self._signed(request, (request.url, request.url + "/"))

    def _signed(self, request: Request, urls: tuple[str, ...]) -> bool:
        given = request.headers.get("x-twilio-signature", "").encode()
        fields = "".join(name + request.form[name] for name in sorted(request.form))
        return any(hmac.compare_digest(given, self._signature(url + fields)) for url in urls)

    def _signature(self, text: str) -> bytes:
        return base64.b64encode(hmac.new(self._secret, text.encode(), hashlib.sha1).digest())

    def ringing(self, request: Request) -> Ringing | None:
        """CallSid and From."""
        call = request.fields.get("CallSid")
        return Ringing(call, request.fields.get("From", "")) if call else None

    def answer(self, url: str) -> Answer:
        """`<Connect><Stream>`: when the stream ends, nothing follows and the call ends."""
        return Answer(xml(connect_stream(url)), "application/xml")

    def busy(self) -> Answer:
        """`<Reject>`: the call is not picked up (twilio.com/docs/voice/twiml/reject)."""
        return Answer(xml(BUSY), "application/xml")

    def stream(self, message: str) -> Stream | None:
        """From its `start` message."""
        event = event_of(message)
        if event.get("event") != "start":
            return None
        sid = str(event.get("streamSid") or event.get("start", {}).get("streamSid", ""))
        params = TwilioFrameSerializer.InputParams(sample_rate=RATE, auto_hang_up=False)
        return Stream(TwilioFrameSerializer(sid, params=params), RATE, {"streamSid": sid})

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """The name of a mark that came back."""
        return named_mark(message)

    def marking(self, stream: Stream, name: str) -> str | None:
        """A `mark` message."""
        return None if stream.mark is None else with_name(stream.mark, name)
