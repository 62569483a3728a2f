"""The mouth of one call: sentences out, paced so that little is ever buffered beyond recall."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from server.call.utterance import Utterance
from server.clock import now
from voice.playback import Playback
from voice.resampling import Resampler
from voice.turns import RATE

CHUNK = RATE // 50
"""Samples sent at once: 20 ms."""

AHEAD = 0.3
"""Seconds sent before they are due: rides out jitter, and is all that a barge-in must clear."""

STALLED = 2.0
"""Seconds after which a client that reports no playing is not waited for."""

HEARD = 0.95
"""Of a sentence's length, from which it counts as heard."""

Clock = Callable[[], float]


@dataclass(slots=True)
class Said:
    """One answer as it was said: what of it has been heard is known as the client reports it."""

    sentences: tuple[str, ...]
    playback: Playback
    clock: Clock
    ids: list[int] = field(default_factory=list)
    complete: bool = False

    def fraction(self) -> float:
        """How much of the answer the caller has heard, 0 to 1, by length of text."""
        total = sum(map(len, self.sentences))
        heard = sum(len(text) * self._heard(number) for number, text in enumerate(self.sentences))
        return min(1.0, heard / total) if total else 0.0

    def unheard(self) -> tuple[str, ...]:
        """The sentences that the caller has not heard to their end."""
        heard = 0
        while heard < len(self.sentences) and self._heard(heard) >= HEARD:
            heard += 1
        return self.sentences[heard:]

    def _heard(self, number: int) -> float:
        if number >= len(self.ids):
            return 0.0
        return self.playback.heard_fraction(self.ids[number], self.clock())


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
        clock: Clock = now,
    ) -> None:
        self.playback = Playback(RATE)
        self._rate = rate
        self._send = send
        self._announce = announce
        self._clock = clock
        self._sentences = 0
        self._clears = 0
        self.said = Said((), self.playback, clock)

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
        self.said = said = Said(utterance.sentences, self.playback, self._clock)
        first: float | None = None
        resampler, rest = Resampler(self._rate, RATE), np.empty(0, np.int16)
        async for number, window in utterance.windows():
            while alive() and len(said.ids) <= number:
                await self._begin(said)
            if not alive():
                return first
            rest = np.concatenate((rest, resampler.process(window)))
            while len(rest) >= CHUNK:
                await self._pace()
                if not alive():
                    return first
                first = first or self._clock()
                await self._push(said, rest[:CHUNK])
                rest = rest[CHUNK:]
        if first is not None and alive():
            rest = np.concatenate((rest, resampler.process(np.empty(0, np.int16), last=True)))
            await self._push(said, np.pad(rest, (0, -len(rest) % CHUNK)))
            self.playback.finished(said.ids[-1])
        said.complete = alive()
        return first

    async def heard_out(self, alive: Callable[[], bool]) -> None:
        """Wait until the caller has heard everything, or it is no longer wanted."""
        while alive() and self.playing:
            await asyncio.sleep(0.02)

    def heard_text(self) -> str:
        """The words that the caller has heard of the sentence that is being cut off."""
        return self.playback.heard_text(self._clock())

    def clear(self) -> None:
        """The channel has been told to drop what is buffered; clears count from 1."""
        self._clears += 1
        self.playback.cleared(self._clears, self._clock())

    async def _begin(self, said: Said) -> None:
        self._sentences += 1
        await self._announce(said.sentences[len(said.ids)])
        said.ids.append(self._sentences)

    async def _push(self, said: Said, samples: np.ndarray) -> None:
        if len(samples) == 0:
            return
        text = said.sentences[len(said.ids) - 1]
        self.playback.sent(said.ids[-1], text, len(samples), self._clock())
        await self._send(samples.tobytes())

    async def _pace(self) -> None:
        """Wait until no more than `AHEAD` is buffered, but not for ever for a stalled client."""
        limit = self._clock() + STALLED
        while self._clock() < limit:
            ahead = self.playback.ends_at(self._clock()) - self._clock() - AHEAD
            if ahead <= 0:
                return
            await asyncio.sleep(min(ahead, 0.02) + 0.001)
