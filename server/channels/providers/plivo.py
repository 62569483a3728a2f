"""Plivo audio streams: an XML webhook with signature V3, and a websocket opened by ticket.

https://www.plivo.com/docs/voice/concepts/signature-validation and
https://www.plivo.com/docs/voice/concepts/audio-streaming
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pipecat.serializers.plivo import PlivoFrameSerializer

from server.channels.providers.media_streams import event_of, plivo_stream, xml
from server.channels.providers.provider import Answer, Provider, Request, Ringing, Stream

RATE = 8000


class Plivo(Provider):
    """One account.

    Args:
        secret: Its auth token.
    """

    name = "plivo"
    methods = ("GET", "POST")

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def is_signed(self, request: Request) -> bool:
        """X-Plivo-Signature-V3: HMAC-SHA256 over url, form and nonce; there may be several."""
        nonce = request.headers.get("x-plivo-signature-v3-nonce", "")
        text = f"{_signed_part(request)}.{nonce}"
        expected = base64.b64encode(hmac.new(self._secret, text.encode(), hashlib.sha256).digest())
        given = request.headers.get("x-plivo-signature-v3", "").encode().split(b",")
        return bool(nonce) and any(hmac.compare_digest(one.strip(), expected) for one in given)

    def may_stream(self, request: Request) -> bool:
        """Its websocket is not signed: the ticket in the url is all."""
        return True

    def ringing(self, request: Request) -> Ringing | None:
        """CallUUID and From."""
        call = request.fields.get("CallUUID")
        return Ringing(call, request.fields.get("From", "")) if call else None

    def answer(self, url: str) -> Answer:
        """`<Stream>` in both directions; the call lives as long as it does."""
        return Answer(xml(plivo_stream(url)), "application/xml")

    def busy(self) -> Answer:
        """`<Hangup>` first: the call is not picked up (docs.plivo.com, voice/xml/hangup)."""
        return Answer(xml('<Hangup reason="busy"/>'), "application/xml")

    def stream(self, message: str) -> Stream | None:
        """From its `start` message."""
        event = event_of(message)
        if event.get("event") != "start":
            return None
        stream = str(event.get("start", {}).get("streamId") or event.get("streamId", ""))
        params = PlivoFrameSerializer.InputParams(sample_rate=RATE, auto_hang_up=False)
        return Stream(PlivoFrameSerializer(stream, params=params), RATE, {"streamId": stream})

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """A `playedStream` brings a checkpoint's name back."""
        return str(message.get("name", "")) if message.get("event") == "playedStream" else None

    def marking(self, stream: Stream, name: str) -> str | None:
        """A `checkpoint` message."""
        return json.dumps({"event": "checkpoint", **(stream.mark or {}), "name": name})


def _signed_part(request: Request) -> str:
    """The url with its query decoded and in order, and the form's fields in order."""
    query = "&".join(f"{name}={value}" for name, value in sorted(request.query.items()))
    form = "".join(name + request.form[name] for name in sorted(request.form))
    url = urlsplit(request.url)._replace(query="").geturl()
    if query or form:
        url += f"?{query}"
    return f"{url}.{form}" if query and form else url + form
