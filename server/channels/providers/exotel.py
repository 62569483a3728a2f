"""Exotel Voicebot: no signature; a token that we gave it in the url of its webhook.

https://support.exotel.com/support/solutions/articles/3000108630-working-with-the-stream-and-voicebot-applet
https://developer.exotel.com/docs/agentstream/stream-voicebot-applet (sizes of messages)
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from pipecat.serializers.exotel import ExotelFrameSerializer

from server.channels.providers.media_streams import event_of, named_mark, with_name
from server.channels.providers.provider import Answer, Provider, Request, Ringing, Stream

RATE = 8000
SHORTEST = 1600
"""Samples: it wants messages of 3200 bytes and 0.1 s at least, in whole 320 bytes."""


class Exotel(Provider):
    """One account.

    Args:
        secret: The token of the webhook's url, `?token=…`.
    """

    name = "exotel"
    methods = ("GET", "POST")  # not signed: its token is in the url

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def is_signed(self, request: Request) -> bool:
        """Whether the url holds the token."""
        given = request.query.get("token", "")
        return hmac.compare_digest(given.encode(), self._secret)

    def may_stream(self, request: Request) -> bool:
        """Its websocket is not signed: the ticket in the url is all."""
        return True

    def ringing(self, request: Request) -> Ringing | None:
        """CallSid and From of the query or form."""
        fields = {**request.query, **request.form}
        call = fields.get("CallSid")
        return Ringing(call, fields.get("From") or fields.get("CallFrom", "")) if call else None

    def answer(self, url: str) -> Answer:
        """The applet asks for the websocket's url as JSON."""
        return Answer(json.dumps({"url": url}), "application/json")

    def stream(self, message: str) -> Stream | None:
        """From its `start` message."""
        event = event_of(message)
        if event.get("event") != "start":
            return None
        start = event.get("start", {})
        sid = str(event.get("stream_sid") or start.get("stream_sid", ""))
        rate = int(start.get("media_format", {}).get("sample_rate") or RATE)
        if rate not in (8000, 16000, 24000):
            return None
        params = ExotelFrameSerializer.InputParams(exotel_sample_rate=rate, sample_rate=rate)
        serializer = ExotelFrameSerializer(sid, params=params)
        packet = max(SHORTEST, rate // 10)
        return Stream(serializer, rate, {"stream_sid": sid}, packet=packet)

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """The name of a mark that came back."""
        return named_mark(message)

    def marking(self, stream: Stream, name: str) -> str | None:
        """A `mark` message."""
        return None if stream.mark is None else with_name(stream.mark, name)
