"""RTVI's wire, pipecat's protobuf frames, at our rate and with what a stranger sends checked."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pipecat.frames.protobufs.frames_pb2 as protobufs
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

RATES = (8000, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Hz at which they may record: filters between rates of no common divisor are large."""


class RtviSerializer(ProtobufFrameSerializer):
    """One call's frames.

    Args:
        clock: Monotonic seconds.

    Attributes:
        hears: Whether sound is let in; none is before a client is known.
    """

    def __init__(self, clock: Callable[[], float] = now, *, hears: bool = True) -> None:
        super().__init__()
        self.hears = hears
        self._pace = Pace(clock)
        self._ear = WireSound(RATE)
        self._is_tuned = False
        self._mouth = WireSound(PLAYER_RATE)

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Audio at the client's rate; messages and interruptions as pipecat sends them."""
        if isinstance(frame, OutputAudioRawFrame):
            audio = self._mouth.outward(np.frombuffer(frame.audio, np.int16))
            frame = OutputAudioRawFrame(audio, sample_rate=PLAYER_RATE, num_channels=1)
        return await super().serialize(frame)

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """Audio at 16 kHz, or a message; never raises, and lets no other frame in.

        pipecat's own would divide by the number of channels and log what a stranger sends.
        """
        try:
            self._pace.message()
            sent = protobufs.Frame.FromString(data)  # type: ignore[attr-defined]
            if sent.HasField("message"):
                return InputTransportMessageFrame(message=json.loads(sent.message.data))
            if sent.HasField("audio") and self.hears:
                return self._inward(sent.audio)
        except ProtocolError as error:
            return InputTransportMessageFrame(message=error)
        except (DecodeError, TypeError, ValueError, RecursionError, AudioFormatError):
            return None
        return None

    def _inward(self, sound: Any) -> InputAudioRawFrame | None:
        if sound.num_channels != 1:
            raise ProtocolError("bad_audio", "sound must be of one channel", fatal=True)
        if sound.sample_rate != self._ear.rate:
            self._tune(sound.sample_rate)
        samples = self._ear.decoded(sound.audio)
        self._pace.sound(len(samples) / self._ear.rate)
        return self._ear.inward(samples)

    def _tune(self, rate: int) -> None:
        """To the client's rate, which it may tell once."""
        if rate not in RATES or self._is_tuned:
            told = ", ".join(map(str, RATES))
            raise ProtocolError("bad_audio", f"sound must be at one of {told} Hz", fatal=True)
        self._ear, self._is_tuned = WireSound(rate), True
