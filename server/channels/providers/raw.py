"""A websocket of raw PCM with JSON messages beside it: jambonz and Asterisk."""

import json
from collections.abc import Callable
from typing import Any

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer


class RawSerializer(FrameSerializer):
    """Sound as it is, in binary messages.

    Args:
        rate: Of the wire both ways, Hz.
        clear: The message that drops what has not been played.
        digit: The key that a message tells, or None.
    """

    def __init__(
        self, rate: int, clear: dict[str, Any], digit: Callable[[dict[str, Any]], str | None]
    ) -> None:
        super().__init__()
        self._rate = rate
        self._clear = json.dumps(clear)
        self._digit = digit

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Audio as it is; an interruption clears."""
        if isinstance(frame, OutputAudioRawFrame):
            return frame.audio
        return self._clear if isinstance(frame, InterruptionFrame) else None

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """Audio and keys; other messages are none of ours.

        Raises:
            ValueError: No JSON, or no key of a telephone.
        """
        if isinstance(data, bytes):
            return InputAudioRawFrame(audio=data, sample_rate=self._rate, num_channels=1)
        digit = self._digit(json.loads(data))
        return None if digit is None else InputDTMFFrame(button=KeypadEntry(digit))
