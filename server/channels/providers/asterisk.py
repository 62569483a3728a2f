"""Asterisk's chan_websocket: it connects by itself, known by HTTP's basic authentication.

Its messages in JSON, `f(json)` in the dial string (22.8, 23.2 and newer).

https://docs.asterisk.org/Configuration/Channel-Drivers/WebSocket/
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from server.channels.providers.media_streams import event_of
from server.channels.providers.provider import (
    Answer,
    Provider,
    Request,
    Ringing,
    Stream,
    without_sound,
)
from server.channels.providers.raw import RawSerializer

RATES = {"slin": 8000, "slin16": 16000}
FRAME = 0.02
"""Seconds of Asterisk's frames; what does not fill one is dropped there."""


class Asterisk(Provider):
    """One Asterisk.

    Args:
        secret: `username:password` of its websocket_client.conf.

    Raises:
        ValueError: It is not that.
    """

    name = "asterisk"
    webhook = False
    subprotocol = "media"

    def __init__(self, secret: str) -> None:
        if ":" not in secret:
            raise ValueError("username:password, as in Asterisk's websocket_client.conf")
        self._secret = b"Basic " + base64.b64encode(secret.encode())

    def is_signed(self, request: Request) -> bool:
        """The name and password of the request that opens the websocket."""
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), self._secret)

    def may_stream(self, request: Request) -> bool:
        """The same; there are no tickets."""
        return self.is_signed(request)

    def ringing(self, request: Request) -> Ringing | None:
        """The number is `caller` in the url, from `v(caller=${CALLERID(num)})`."""
        return Ringing(secrets.token_hex(8), request.query.get("caller", ""))

    def answer(self, url: str) -> Answer:
        """It has no webhook."""
        return without_sound()

    def stream(self, message: str) -> Stream | None:
        """From `MEDIA_START`."""
        event = event_of(message)
        rate = RATES.get(str(event.get("format")))
        if event.get("event") != "MEDIA_START" or rate is None:
            return None
        return Stream(
            RawSerializer(rate, {"command": "FLUSH_MEDIA"}, _digit),
            rate,
            {},
            packet=round(FRAME * rate),
            goodbye=lambda _: json.dumps({"command": "HANGUP"}),
            goes_on=True,
        )

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """A mark that has come to the front of the queue."""
        if message.get("event") != "MEDIA_MARK_PROCESSED":
            return None
        return str(message.get("correlation_id", ""))

    def marking(self, stream: Stream, name: str) -> str | None:
        """`MARK_MEDIA`."""
        return json.dumps({"command": "MARK_MEDIA", "correlation_id": name})


def _digit(message: dict[str, Any]) -> str | None:
    return str(message.get("digit")) if message.get("event") == "DTMF_END" else None
