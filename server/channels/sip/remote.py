"""A SIP call as the server has it: a line whose wire ends in the SIP process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
)

from server.channels.sip.wire import Message, Wire
from server.protocol import Hangup, Played
from voice.pcm import Samples
from voice.turns import RATE

AHEAD = RATE // 5
"""Samples under way to the SIP process, which holds 0.2 s more (`line.py`); a clear drops both."""

UNREAD = 300
"""Frames that may wait for the call; once it is over, nobody reads them."""

MOST = 2 * RATE // 5
"""Bytes of sound in one frame, 0.2 s: a frame costs the call the same whatever its length, so what
waits on a busy machine is taken together, and the call catches up."""

HANG_UP_WITHIN = 5.0
HAND_OVER_WITHIN = 60.0


class RemoteLine:
    """The line of a call that the SIP process has answered.

    Args:
        wire: The call's connection.
        rate: Of the caller's sound on the telephone's wire, Hz.

    Attributes:
        stats: The stack's closing report, where it came (see `over`).
    """

    def __init__(self, wire: Wire, rate: int) -> None:
        self.rate = rate
        self.stats: dict[str, Any] | None = None
        self._wire = wire
        self._frames: deque[Frame | None] = deque(maxlen=UNREAD)
        self._come = asyncio.Event()
        self._delay: dict[str, float] = {}
        self._sent = self._taken = 0
        self._moved = asyncio.Event()
        self._handed: asyncio.Future[bool] | None = None
        self._reading = asyncio.create_task(self._read())

    @property
    def delay(self) -> dict[str, float]:
        """The telephone's jitter buffer and packet, as last told."""
        return self._delay

    async def frames(self) -> AsyncIterator[Frame]:
        """What the caller says and presses, until the call or its process has ended."""
        while True:
            while not self._frames:
                self._come.clear()
                await self._come.wait()
            if (frame := self._frames.popleft()) is None:
                return
            yield frame

    async def play(self, samples: Samples) -> None:
        """Send audio, at the pace at which the telephone takes it."""
        await self._wire.send(samples.tobytes())
        self._sent += len(samples)
        while self._sent - self._taken > AHEAD and not self._reading.done():
            self._moved.clear()
            await self._moved.wait()

    async def clear(self) -> None:
        """Drop what has not been sent to the caller."""
        await self._wire.send({"do": "clear"})

    async def tell(self, event: dict[str, Any]) -> None:
        """A telephone has no place for events."""

    async def hand_over(self, summary: str) -> bool:
        """REFER the caller to a person; they are back with us where that fails."""
        self._handed = asyncio.get_running_loop().create_future()
        await self._wire.send({"do": "hand_over", "summary": summary})
        try:
            async with asyncio.timeout(HAND_OVER_WITHIN):
                return await self._handed
        except TimeoutError:
            return False

    async def close(self) -> None:
        """Hang up once what was sent has been played, and wait for the closing report."""
        await self._wire.send({"do": "hang_up"})
        await asyncio.wait({self._reading}, timeout=HANG_UP_WITHIN)

    async def _read(self) -> None:
        try:
            while (told := await self._wire.receive()) is not None:
                if isinstance(told, bytes):
                    self._heard(told)
                elif told["is"] == "over":
                    self.stats = told["stats"]
                    break
                else:
                    self._told(told)
        finally:
            self._over()

    def _told(self, message: Message) -> None:
        match message:
            case {"is": "taken", "samples": int(samples)}:
                self._taken = samples
                self._moved.set()
            case {"is": "played", "samples": int(samples), "clear": int(clears), "delay": delay}:
                self._delay = delay
                played = Played(type="played", samples=samples, clear=clears)
                self._add(InputTransportMessageFrame(message=played))
            case {"is": "key", "digit": str(digit)}:
                self._add(InputDTMFFrame(button=KeypadEntry(digit)))
            case {"is": "handed_over", "done": bool(done)}:
                if self._handed is not None and not self._handed.done():
                    self._handed.set_result(done)
            case {"is": "ended"}:
                self._add(InputTransportMessageFrame(message=Hangup(type="hangup")))

    def _heard(self, sound: bytes) -> None:
        last = self._frames[-1] if self._frames else None
        if isinstance(last, InputAudioRawFrame) and len(last.audio) + len(sound) <= MOST:
            sound = last.audio + sound
            self._frames.pop()
        self._add(InputAudioRawFrame(audio=sound, sample_rate=RATE, num_channels=1))

    def _add(self, frame: Frame | None) -> None:
        """Where nobody reads, the oldest goes: what ends the call comes through."""
        self._frames.append(frame)
        self._come.set()

    def _over(self) -> None:
        """The call has ended, or its process has died."""
        self._add(None)
        self._moved.set()
        if self._handed is not None and not self._handed.done():
            self._handed.set_result(False)
