"""Telnyx: a TeXML webhook signed with Ed25519, and a media websocket opened by ticket.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks (signatures) and
https://developers.telnyx.com/docs/voice/programmable-voice/media-streaming; the sound of a call
comes in its own codec where Telnyx cannot convert it (texml-verbs/stream), and its messages in any
order (api-reference/websockets/stream-call-media-over-websocket).
"""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pipecat.frames.frames import Frame, InputAudioRawFrame
from pipecat.serializers.telnyx import TelnyxFrameSerializer

from server.channels.order import InOrder
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
FRESH = 300.0
"""Seconds for which a signature is good."""

CODECS = ("PCMU", "PCMA")


class TelnyxInOrder(TelnyxFrameSerializer):
    """pipecat's, which takes sound as it comes; here in the order of its chunks, each once."""

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        self._order = InOrder[str | bytes](1 << 32)

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """The sound that is ready, or whatever else the message tells."""
        event = event_of(data if isinstance(data, str) else "")
        chunk = str(event.get("media", {}).get("chunk"))
        if event.get("event") != "media" or not chunk.isdecimal():
            return await super().deserialize(data)
        ready = b""
        for message, _ in self._order.add(int(chunk), data):
            sound = await super().deserialize(message)
            ready += sound.audio if isinstance(sound, InputAudioRawFrame) else b""
        return InputAudioRawFrame(ready, self._sample_rate, 1) if ready else None


class Telnyx(Provider):
    """One account.

    Args:
        secret: Its public key, base64, from the portal.

    Raises:
        ValueError: It is no Ed25519 key.
    """

    name = "telnyx"

    def __init__(self, secret: str) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(secret, validate=True))

    def is_signed(self, request: Request) -> bool:
        """telnyx-signature-ed25519 over `timestamp|body`, not older than five minutes."""
        stamp = request.headers.get("telnyx-timestamp", "")
        if not stamp.isdecimal() or abs(request.now - int(stamp)) > FRESH:
            return False
        try:
            signature = base64.b64decode(
                request.headers.get("telnyx-signature-ed25519", ""), validate=True
            )
            self._key.verify(signature, stamp.encode() + b"|" + request.body)
        except (InvalidSignature, ValueError):
            return False
        return True

    def may_stream(self, request: Request) -> bool:
        """Its websocket is not signed: the ticket in the url is all."""
        return True

    def ringing(self, request: Request) -> Ringing | None:
        """CallSid and From of the TeXML form."""
        call = request.form.get("CallSid") or request.form.get("CallControlId")
        return Ringing(call, request.form.get("From", "")) if call else None

    def answer(self, url: str) -> Answer:
        """TeXML's `<Connect><Stream>`, in both directions."""
        stream = connect_stream(url).replace(
            "/></Connect>",
            ' codec="PCMU" bidirectionalMode="rtp" bidirectionalCodec="PCMU"/></Connect>',
        )
        return Answer(xml(stream), "application/xml")

    def busy(self) -> Answer:
        """`<Reject>`: the call is not picked up (texml-verbs/reject)."""
        return Answer(xml(BUSY), "application/xml")

    def stream(self, message: str) -> Stream | None:
        """From its `start` message, where its codec is one that we know."""
        event = event_of(message)
        if event.get("event") != "start":
            return None
        form = event.get("start", {}).get("media_format", {})
        encoding = str(form.get("encoding")).upper()
        if encoding not in CODECS:
            return None
        params = TelnyxFrameSerializer.InputParams(sample_rate=RATE, auto_hang_up=False)
        serializer = TelnyxInOrder(str(event.get("stream_id", "")), encoding, "PCMU", params=params)
        return Stream(serializer, RATE, {})

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """The name of a mark that came back."""
        return named_mark(message)

    def marking(self, stream: Stream, name: str) -> str | None:
        """A `mark` message."""
        return with_name({}, name)
