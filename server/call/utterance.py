"""One answer being synthesised: begun before it is needed, dropped when it is not."""

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np

from server.engines import Engines

STORED = 4.0
"""Seconds of sound that wait to be spoken, at most one window more: enough to never run dry, and
what else the machine has to do is not held up by what may never be heard."""

FIRST = 0.3
"""Seconds in store as which an answer counts that has not begun: a silence in the middle of
another is heard sooner than a breath before it."""

ENOUGH = 0.4
"""Seconds in store with which an answer begins while engines are late: the first window is 0.2 s
of sound, and the next is not certain to be made in that time."""

PIECE = 0.1
"""Seconds of sound given at once: what is in store is known as closely."""


class Utterance:
    """The sentences of one answer and their audio, synthesised while earlier ones play.

    Args:
        engines: Where the voice is.
        sentences: Written text, in order.
    """

    def __init__(self, engines: Engines, sentences: tuple[str, ...]) -> None:
        self.sentences = sentences
        self._engines = engines
        self._rate = engines.synthesiser.sample_rate
        self._windows: asyncio.Queue[tuple[int, np.ndarray] | Exception | None] = asyncio.Queue()
        self._stored = 0
        self._begun = self._dropped = False
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._synthesise())

    def drop(self) -> None:
        """Nobody will hear it: stop between two windows."""
        self._dropped = True
        self._task.cancel()

    def store(self) -> float:
        """Seconds of sound that are made and not yet given."""
        return self._stored / self._rate + (0.0 if self._begun else FIRST)

    async def windows(self) -> AsyncIterator[tuple[int, np.ndarray]]:
        """The number of the sentence and the next int16 samples, at the synthesiser's rate."""
        if self._engines.late:
            await self._until(lambda: self._stored >= ENOUGH * self._rate or self._task.done())
        piece = int(PIECE * self._rate)
        while (item := await self._windows.get()) is not None:
            if isinstance(item, Exception):
                raise item
            number, window = item
            self._begun = True
            for start in range(0, len(window), piece):
                given = window[start : start + piece]
                self._stored -= len(given)
                self._changed.set()
                yield number, given

    async def _synthesise(self) -> None:
        try:
            for number, sentence in enumerate(self.sentences):
                async for window in self._engines.speak(
                    sentence, cancelled=lambda: self._dropped, store=self.store
                ):
                    self._stored += len(window)
                    self._windows.put_nowait((number, window))
                    self._changed.set()
                    await self._until(lambda: self._stored < STORED * self._rate)
        except Exception as error:
            self._windows.put_nowait(error)
        finally:
            self._windows.put_nowait(None)
            self._changed.set()

    async def _until(self, settled: Callable[[], bool]) -> None:
        while not settled():
            self._changed.clear()
            await self._changed.wait()
