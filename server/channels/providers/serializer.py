"""A provider's websocket as frames at 16 kHz: pipecat's serializer, our resampler, and marks.

pipecat's own resampling costs 40 to 117 ms (voice/resampling.py), so its serializers run at the
wire's rate. A provider buffers what it is sent: marks come back as they are played, and only what
was marked counts as heard. A `clear` also gives marks back that were never played; those that come
after it and were set before it are not believed. Genesys tells only that it has played all it had:
by then no more counts than can have sounded since it was sent, and as much where a clear cuts it.
"""

import json
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.serializers.base_serializer import FrameSerializer

from server.channels.keypad import Keypad
from server.channels.pace import Pace
from server.channels.providers.provider import EVERYTHING, Provider, Stream
from server.channels.sound import WireSound
from server.protocol import Hangup, Played, ProtocolError
from voice.turns import RATE

MARK_EVERY = RATE // 5
"""Samples between two marks."""

AFTER_CLEAR = 25
"""Messages of the provider, half a second of sound, with which it is told what was heard."""

ENDS = frozenset({"stop", "closed", "close"})
"""Events with which a provider tells that the caller is gone."""


class ProviderSerializer(FrameSerializer):
    """One call's messages.

    Args:
        provider: Whose they are.
        stream: Its beginning.
        clock: Monotonic seconds.

    Attributes:
        late: Seconds by which the last mark of an answer came later than the sound before it could
            have sounded: the network both ways, and what the provider holds back. None before one.
        reply: Sends what the wire's serializer answers by itself (a ping, a close).
    """

    def __init__(
        self, provider: Provider, stream: Stream, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._provider = provider
        self._stream = stream
        self._clock = clock
        self._sound = WireSound(stream.rate)
        self._keypad = Keypad()
        self._pace = Pace(clock)
        self._sent = self._marked_at = 0
        self._played = self._base = self._clears = 0
        self._over, self._untold = False, 0
        self._tells_end = False
        self._rest = b""
        self._due = 0.0
        self._last_mark = ("", 0.0)
        self.late: float | None = None
        self.reply: Callable[[str], Awaitable[None]] | None = None

    @property
    def stream(self) -> Stream:
        """What it was made of."""
        return self._stream

    async def begin(self) -> list[str]:
        """Set the wire's own serializer up; gives what is to be sent first."""
        rate = SimpleNamespace(audio_in_sample_rate=self._stream.rate)
        await self._stream.serializer.setup(cast(FrameProcessorSetup, rate))
        if self._stream.first is None:
            return []
        frame = await self._stream.serializer.deserialize(self._stream.first)
        return [] if frame is None else await self._replies(frame)

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """A frame from the wire; never raises: one bad message must not end the reading."""
        if self._over:
            return None
        try:
            self._pace.message()
            message = json.loads(data) if isinstance(data, str) else {}
            if isinstance(message, dict) and message:
                if (name := self._provider.marked(message)) is not None:
                    return self._heard(name)
                if message.get("event", message.get("type")) in ENDS:
                    self._over = True
                    await self._answer(await self._stream.serializer.deserialize(data))
                    return InputTransportMessageFrame(message=Hangup(type="hangup"))
            frame = await self._stream.serializer.deserialize(data)
            return None if await self._answer(frame) else self._inward(frame)
        except ProtocolError as flood:
            self._over = True
            return InputTransportMessageFrame(message=flood)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    async def _answer(self, frame: Frame | None) -> bool:
        """Send what the wire's serializer answers by itself; tells whether it was that."""
        if not isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            return False
        for text in await self._replies(frame):
            if self.reply is not None:
                await self.reply(text)
        return True

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Audio, clear, and what the provider's own messages are made of."""
        if isinstance(frame, OutputAudioRawFrame):
            samples = np.frombuffer(frame.audio, np.int16)
            self._sent += len(samples)
            self._due = max(self._due, self._clock()) + len(samples) / RATE
            return await self._packets(self._sound.outward(samples))
        if isinstance(frame, InterruptionFrame):
            if self._tells_end:
                self._played = max(self._played, self._base + self._sounded)
            self._clears += 1
            self._sound.restart()
            self._base, self._sent, self._marked_at = self._played, 0, 0
            tells = self._stream.mark is not None or self._tells_end
            self._untold = AFTER_CLEAR if tells else 0
            self._rest, self._due = b"", 0.0
            return await self._wire(frame)
        if isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            return None  # our events are none of the provider's
        return await self._wire(frame)

    def cleared(self) -> InputTransportMessageFrame | None:
        """For a while after a clear: what has been heard, from which the marks then count.

        Told again and again, because the call may hear of it before it knows of its own clear.
        """
        self._untold = max(0, self._untold - 1)
        return self._report() if self._untold else None

    def _report(self) -> InputTransportMessageFrame:
        played = Played(type="played", samples=self._played, clear=self._clears)
        return InputTransportMessageFrame(message=played)

    async def rest(self) -> str | bytes | None:
        """What does not fill a packet yet, filled up with silence: no more audio comes for now."""
        missing = -len(self._rest) % (2 * self._stream.packet or 1)
        return await self._packets(bytes(missing)) if self._rest else None

    async def _packets(self, wire: bytes) -> str | bytes | None:
        """The whole packets that are there."""
        data = self._rest + wire
        whole = len(data) - len(data) % (2 * self._stream.packet or 1)
        data, self._rest = data[:whole], data[whole:]
        if not data:
            return None
        return await self._wire(
            OutputAudioRawFrame(audio=data, sample_rate=self._stream.rate, num_channels=1)
        )

    @property
    def _gone(self) -> int:
        """Samples since the last clear that are on the wire: the rest waits for its packet."""
        return self._sent - self._sound.to_ours(len(self._rest) // 2)

    @property
    def _sounded(self) -> int:
        """Samples since the last clear that can have sounded by now."""
        waiting = max(0.0, self._due - self._clock())
        return max(0, min(self._gone, self._sent - round(waiting * RATE)))

    def mark(self, *, last: bool = False) -> str | None:
        """A mark, where one is due after the audio so far.

        Args:
            last: No more audio comes for now.
        """
        gone = self._gone
        due = gone - self._marked_at >= (1 if last else MARK_EVERY)
        if not due or self._stream.mark is None:
            return None
        self._marked_at = gone
        name = f"{self._clears}:{gone}"
        self._last_mark = name, self._due
        return self._provider.marking(self._stream, name)

    async def _wire(self, frame: Frame) -> str | bytes | None:
        data = await self._stream.serializer.serialize(frame)
        return data if isinstance(data, str | bytes) else None

    def _heard(self, name: str) -> Frame | None:
        """What was sent up to a mark has sounded."""
        if name == EVERYTHING:
            self._tells_end, name = True, f"{self._clears}:{self._sounded}"
        clears, _, samples = name.partition(":")
        if clears != str(self._clears) or not samples.isdecimal():
            return None
        if name == self._last_mark[0]:
            self.late = max(0.0, self._clock() - self._last_mark[1])
        self._played = max(self._played, self._base + min(int(samples), self._sent))
        return self._report()

    def _inward(self, frame: Frame | None) -> Frame | None:
        if isinstance(frame, InputAudioRawFrame):
            samples = np.frombuffer(frame.audio[: len(frame.audio) // 2 * 2], np.int16)
            self._pace.sound(len(samples) / self._stream.rate)
            return self._sound.inward(samples)
        if isinstance(frame, InputDTMFFrame):
            return self._keypad.press(str(frame.button.value), self._clock())
        return frame

    async def _replies(self, frame: Frame) -> list[str]:
        """Protocol messages that the wire's serializer answers with."""
        if isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            data: Any = await self._stream.serializer.serialize(frame)
            return [data] if isinstance(data, str) else []
        return []
