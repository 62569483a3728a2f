"""Our own wire (docs/protocol.md) to pipecat's frames and back."""

import json
from collections.abc import Callable

import numpy as np
from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    Frame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer

from server.channels.pace import Pace
from server.channels.sound import WireSound
from server.clock import now
from server.protocol import Dtmf, Hello, Played, ProtocolError, parse_message
from voice.errors import AudioFormatError

LONGEST = 0.2
"""Seconds of audio in one message."""

MISTAKES = 10
"""Broken messages that end a call."""


class CallSerializer(FrameSerializer):
    """One call's wire: codec and rate of its hello.

    Args:
        hello: What the client speaks.
        clock: Monotonic seconds.
    """

    def __init__(self, hello: Hello, clock: Callable[[], float] = now) -> None:
        super().__init__()
        self._hello = hello
        self._sound = WireSound(hello.sample_rate, hello.encoding)
        self._pace = Pace(clock)
        self._mistakes = 0
        self._closed = False
        self._clears = 0

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """A frame from the wire; what breaks the protocol becomes a message frame with the error.

        Never raises: one bad message must not end the reading of the next.
        """
        if self._closed:
            return None
        try:
            self._pace.message()
            return self._audio(data) if isinstance(data, bytes) else self._message(data)
        except ProtocolError as error:
            self._mistakes += 1
            if self._mistakes >= MISTAKES:
                error.fatal = True
            self._closed = error.fatal
            return InputTransportMessageFrame(message=error)

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Audio and events to the wire; an interruption becomes `clear`."""
        if isinstance(frame, OutputAudioRawFrame):
            return self._sound.outward(np.frombuffer(frame.audio, np.int16))
        if isinstance(frame, InterruptionFrame):
            self._clears += 1
            return json.dumps({"type": "clear", "id": self._clears})
        if isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            return json.dumps(self._to_wire(frame.message), ensure_ascii=False)
        return None

    def _audio(self, data: bytes) -> Frame | None:
        try:
            samples = self._sound.decoded(data)
        except AudioFormatError as error:
            raise ProtocolError("bad_audio", str(error)) from None
        if len(samples) > LONGEST * self._hello.sample_rate:
            raise ProtocolError("bad_audio", f"one message holds more than {LONGEST} s of audio")
        self._pace.sound(len(samples) / self._hello.sample_rate)
        return self._sound.inward(samples)

    def _message(self, text: str) -> Frame:
        message = parse_message(text)
        if isinstance(message, Dtmf):
            return InputDTMFFrame(button=KeypadEntry(message.digit))
        if isinstance(message, Played):
            samples = self._sound.to_ours(message.samples)
            message = message.model_copy(update={"samples": samples})
        return InputTransportMessageFrame(message=message)

    def _to_wire(self, event: dict[str, object]) -> dict[str, object]:
        """Sample positions are counted at the wire's rate."""
        end = event.get("voice_end")
        if isinstance(end, int):
            return {**event, "voice_end": self._sound.to_wire(end)}
        return event
