"""A device's microphone, always open: hears that somebody speaks, and gives a call its sound.

What was heard just before a call is its beginning, so that the word that opened it is not lost.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import numpy as np

from server.client.connection import FRAME_SECONDS
from server.client.jitter import JitterBuffer
from voice.echo import EchoGuard
from voice.evidence import SpeechEvidence
from voice.pcm import Samples
from voice.turns import RATE
from voice.vad import WINDOW

BEFORE = 0.6
"""Seconds before the call that it begins with."""

SPEECH = 0.5
WINDOWS = 3
"""In a row that hold speech: 96 ms; a click has less."""

HUSH = 0.3
"""The speaker's gain while somebody speaks, until the server has made up its mind."""


class Ear:
    """The microphone of a call (`Microphone`), and what opens it.

    Args:
        buffer: The speaker, which is turned down at once when somebody speaks over it.
    """

    def __init__(self, buffer: JitterBuffer) -> None:
        self.frame = int(FRAME_SECONDS * RATE)
        self._buffer = buffer
        self._loop = asyncio.get_running_loop()
        self._before: deque[Samples] = deque(maxlen=round(BEFORE / FRAME_SECONDS))
        self._call: asyncio.Queue[Samples] | None = None
        self._evidence = SpeechEvidence()
        self._echo = EchoGuard()
        self._window = np.zeros(0, np.int16)
        self._in_a_row = 0
        self._spoken = asyncio.Event()

    def take(self, indata: Samples, _frames: int, _time: Any = None, _status: Any = None) -> None:
        """The device's callback, in its own thread: shape (frames, 1)."""
        samples = indata[:, 0].copy()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._hear, samples)

    def fill(self, outdata: Samples, frames: int, _time: Any = None, _status: Any = None) -> None:
        """The speaker's callback: what it plays is known when it comes back."""
        self._buffer.fill(outdata, frames)
        played = outdata[:, 0].copy()
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._echo.sent, played)

    async def speech(self) -> None:
        """Wait until somebody speaks."""
        self._spoken.clear()
        await self._spoken.wait()

    async def frames(self) -> AsyncIterator[Samples]:
        """The call's sound: what was heard just before it, and all that is heard from now on."""
        self._call = asyncio.Queue()
        for samples in self._before:
            self._call.put_nowait(samples)
        try:
            while True:
                yield await self._call.get()
        finally:
            self._call = None

    def _hear(self, samples: Samples) -> None:
        self._before.append(samples)
        if self._call is not None:
            self._call.put_nowait(samples)
        self._echo.heard(samples)
        self._window = np.concatenate((self._window, samples))
        while len(self._window) >= WINDOW:
            window, self._window = self._window[:WINDOW], self._window[WINDOW:]
            self._weigh(window)

    def _weigh(self, window: Samples) -> None:
        playing = self._buffer.playing
        speech = self._evidence.process(window, playing=playing) >= SPEECH
        speech = speech and not (playing and self._echo.is_echo())
        self._in_a_row = self._in_a_row + 1 if speech else 0
        if self._in_a_row >= WINDOWS:
            self._spoken.set()
        self._buffer.hush(HUSH if self._in_a_row >= WINDOWS else 1.0)
