"""The mouth of one call: sentences out, paced so that little is ever buffered beyond recall."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import numpy as np

from server.call.utterance import Utterance
from voice.playback import Playback
from voice.resampling import Resampler
from voice.turns import RATE

CHUNK = RATE // 50
"""Samples sent at once: 20 ms."""

AHEAD = 0.3
"""Seconds sent before they are due: rides out jitter, and is all that a barge-in must clear."""

STALLED = 2.0
"""Seconds after which a client that reports no playing is not waited for."""

Clock = Callable[[], float]


class Speaker:
    """Says utterances and knows what of them the caller has heard.

    Args:
        rate: Of the synthesiser, Hz.
        send: Takes 20 ms of int16 samples at 16 kHz.
        announce: Told each sentence just before its first audio.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        rate: int,
        send: Callable[[bytes], Awaitable[None]],
        announce: Callable[[str], Awaitable[None]],
        clock: Clock = time.monotonic,
    ) -> None:
        self.playback = Playback(RATE)
        self._rate = rate
        self._send = send
        self._announce = announce
        self._clock = clock
        self._next_id = 0
        self._clears = 0
        self._sentences: tuple[str, ...] = ()
        self._spoken: list[tuple[int, str]] = []

    @property
    def playing(self) -> bool:
        """Whether there is audio that the caller has not heard yet."""
        return self.playback.playing(self._clock())

    async def say(self, utterance: Utterance, alive: Callable[[], bool]) -> float | None:
        """Say an utterance until its end or until it is no longer wanted.

        Args:
            utterance: What to say.
            alive: Asked before every 20 ms.

        Returns:
            When the first audio was sent, by the clock; None where there was none.
        """
        self._sentences, self._spoken = utterance.sentences, []
        first: float | None = None
        resampler, rest, current = Resampler(self._rate, RATE), np.empty(0, np.int16), -1
        async for number, window in utterance.windows():
            if number != current:
                current = number
                await self._begin(utterance.sentences[number])
            rest = np.concatenate((rest, resampler.process(window)))
            while len(rest) >= CHUNK:
                await self._pace()
                if not alive():
                    return first
                first = first or self._clock()
                await self._push(rest[:CHUNK])
                rest = rest[CHUNK:]
        rest = np.concatenate((rest, resampler.process(np.empty(0, np.int16), last=True)))
        if alive() and self._spoken:
            await self._push(np.pad(rest, (0, -len(rest) % CHUNK)))
        return first

    async def heard_out(self, alive: Callable[[], bool]) -> None:
        """Wait until the caller has heard everything, or it is no longer wanted."""
        limit = self.playback.ends_at(self._clock()) + STALLED
        while alive() and self.playing and self._clock() < limit:
            await asyncio.sleep(0.02)

    def heard_fraction(self) -> float:
        """How much of the last utterance the caller has heard, 0 to 1, by length of text."""
        total = sum(len(text) for text in self._sentences)
        if total == 0:
            return 0.0
        now = self._clock()
        heard = sum(len(t) * self.playback.heard_fraction(i, now) for i, t in self._spoken)
        return min(1.0, heard / total)

    def unheard(self) -> tuple[str, ...]:
        """Which sentences of the last utterance the caller has not heard to their end."""
        now = self._clock()
        heard = sum(self.playback.heard_fraction(i, now) > 0.95 for i, _ in self._spoken)
        return self._sentences[heard:]

    def heard_text(self) -> str:
        """The words of the sentence that was cut off which the caller has heard."""
        return self.playback.heard_text(self._clock())

    def clear(self) -> None:
        """The channel has been told to drop what is buffered; clears count from 1."""
        self._clears += 1
        self.playback.cleared(self._clears, self._clock())

    async def _begin(self, sentence: str) -> None:
        self._next_id += 1
        self._spoken.append((self._next_id, sentence))
        await self._announce(sentence)

    async def _push(self, samples: np.ndarray) -> None:
        if len(samples) == 0:
            return
        sentence_id, sentence = self._spoken[-1]
        self.playback.sent(sentence_id, sentence, len(samples), self._clock())
        await self._send(samples.tobytes())

    async def _pace(self) -> None:
        """Wait until no more than `AHEAD` is buffered, but not for ever for a stalled client."""
        limit = self._clock() + STALLED
        while self._clock() < limit:
            ahead = self.playback.ends_at(self._clock()) - self._clock() - AHEAD
            if ahead <= 0:
                return
            await asyncio.sleep(min(ahead, 0.02) + 0.001)
