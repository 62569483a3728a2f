"""One answer being synthesised: begun before it is needed, dropped when it is not."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from server.engines import Engines

AHEAD = 16
"""Windows that wait to be spoken: 2 s or more of audio, enough to never run dry."""


class Utterance:
    """The sentences of one answer and their audio, synthesised while earlier ones play.

    Args:
        engines: Where the voice is.
        sentences: Written text, in order.
    """

    def __init__(self, engines: Engines, sentences: tuple[str, ...]) -> None:
        self.sentences = sentences
        self._engines = engines
        self._windows: asyncio.Queue[tuple[int, np.ndarray] | Exception | None] = asyncio.Queue(
            AHEAD
        )
        self._dropped = False
        self._task = asyncio.create_task(self._synthesise())

    def drop(self) -> None:
        """Nobody will hear it: stop between two windows."""
        self._dropped = True
        self._task.cancel()

    async def windows(self) -> AsyncIterator[tuple[int, np.ndarray]]:
        """The number of the sentence and the next int16 samples, at the synthesiser's rate."""
        while (item := await self._windows.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    async def _synthesise(self) -> None:
        try:
            for number, sentence in enumerate(self.sentences):
                async for window in self._engines.speak(sentence, cancelled=lambda: self._dropped):
                    await self._windows.put((number, window))
            await self._windows.put(None)
        except Exception as error:
            await self._windows.put(error)
