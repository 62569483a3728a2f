"""The engines of one replayed call: what they hear is kept, and their work takes a given time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np

from server.clock import now
from server.engines import Engines
from voice.glance import Glance
from voice.transcript import Transcript

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds that one piece of an engine's work takes at least; in virtual time it takes no more.

    Attributes:
        hear: One transcription.
        judge: One judgement of how finished a turn sounds.
        think: Understanding and deciding.
        speak: The first sound of a sentence; the rest comes faster than it is spoken.
    """

    hear: float = 0.0
    judge: float = 0.0
    think: float = 0.0
    speak: float = 0.0


INSTANT = Costs()
"""The fastest machine that there can be."""

CPU = Costs(hear=0.4, judge=0.05, think=0.03, speak=0.09)
"""About what two quiet cores take (docs/performance.md, the engines alone)."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """One transcription, secrets too, to count its errors; at: when it was ready, loop seconds."""

    at: float
    text: str = field(repr=False)


Overhear = Callable[[], Sequence[Overheard]]


@dataclass(slots=True)
class ReplayEngines(Engines):
    """The same engines, for one call."""

    costs: Costs = INSTANT
    overheard: list[Overheard] = field(default_factory=list)

    async def glance(self, audio: np.ndarray) -> Glance | None:
        """As the engines do, but always: what is heard must not hang on how busy they are."""
        return await self._hearing.run(self.recogniser.glance, audio)

    async def transcribe(self, audio: np.ndarray, **how: Any) -> Transcript:
        """As the engines do."""
        began = now()
        transcript = await Engines.transcribe(self, audio, **how)
        await _until(began + self.costs.hear)
        self.overheard.append(Overheard(now(), transcript.text))
        return transcript

    async def judge(self, audio: np.ndarray) -> float:
        """As the engines do."""
        began = now()
        finished = await Engines.judge(self, audio)
        await _until(began + self.costs.judge)
        return finished

    async def think(self, work: Callable[[], T]) -> T:
        """As the engines do."""
        began = now()
        thought = await Engines.think(self, work)
        await _until(began + self.costs.think)
        return thought

    async def speak(
        self, text: str, *, cancelled: Callable[[], bool], store: Callable[[], float]
    ) -> AsyncIterator[np.ndarray]:
        """As the engines do."""
        first = now() + self.costs.speak
        async for window in Engines.speak(self, text, cancelled=cancelled, store=store):
            await _until(first)
            yield window


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - now()))


def for_one_call(engines: Engines, costs: Costs = INSTANT) -> ReplayEngines:
    """Engines that share everything with the given ones."""
    parts = {part.name: getattr(engines, part.name) for part in fields(Engines)}
    return ReplayEngines(**parts, costs=costs)


def heard_at(overheard: Sequence[Overheard], moments: Sequence[float]) -> str:
    """The words behind some `heard` events: the last transcription before each."""
    texts = []
    for moment in moments:
        before = [each.text for each in overheard if each.at <= moment + 0.001]
        texts += before[-1:]
    return " ".join(texts)
