"""RTVI's wire, pipecat's protobuf frames, at our rate and with what a stranger sends checked."""

from collections.abc import Callable

import numpy as np
from google.protobuf.message import DecodeError
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputTransportMessageFrame,
    OutputAudioRawFrame,
)
from pipecat.serializers.protobuf import ProtobufFrameSerializer

from server.channels.pace import Pace
from server.channels.sound import WireSound
from server.clock import now
from server.protocol import ProtocolError
from voice.errors import AudioFormatError
from voice.turns import RATE

PLAYER_RATE = 24000
"""Hz at which pipecat's clients play, whatever a frame says."""


class RtviSerializer(ProtobufFrameSerializer):
    """One call's frames.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = now) -> None:
        super().__init__()
        self._pace = Pace(clock)
        self._ear = WireSound(RATE)
        self._mouth = WireSound(PLAYER_RATE)

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Audio at the client's rate; messages and interruptions as pipecat sends them."""
        if isinstance(frame, OutputAudioRawFrame):
            audio = self._mouth.outward(np.frombuffer(frame.audio, np.int16))
            frame = OutputAudioRawFrame(audio, sample_rate=PLAYER_RATE, num_channels=1)
        return await super().serialize(frame)

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """Audio at 16 kHz, or a message; never raises, and lets no other frame in."""
        try:
            self._pace.message()
            frame = await super().deserialize(data)
            if isinstance(frame, InputAudioRawFrame):
                return self._inward(frame)
        except ProtocolError as error:
            return InputTransportMessageFrame(message=error)
        except (DecodeError, TypeError, ValueError, AudioFormatError):
            return None
        return frame if isinstance(frame, InputTransportMessageFrame) else None

    def _inward(self, frame: InputAudioRawFrame) -> InputAudioRawFrame | None:
        if frame.num_channels != 1:
            raise ProtocolError("bad_audio", "sound must be of one channel", fatal=True)
        if frame.sample_rate != self._ear.rate:
            self._ear = WireSound(frame.sample_rate)
        samples = self._ear.decoded(frame.audio)
        self._pace.sound(len(samples) / self._ear.rate)
        return self._ear.inward(samples)
