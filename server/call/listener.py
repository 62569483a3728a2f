"""The ear of one call: audio in, turns out, each thought about while it may still go on."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from server.call.fit import fit
from server.call.thinking import Mind, Thinking
from server.call.utterance import Utterance
from server.clock import now
from server.engines import Engines
from voice.echo import EchoGuard
from voice.evidence import SpeechEvidence
from voice.glance import Glance
from voice.overlap import Overlap, OverlapSense
from voice.turns import (
    RATE,
    Dropped,
    Ended,
    Hushed,
    Paused,
    Resumed,
    Silent,
    Started,
    TurnEvent,
    TurnTaker,
)
from voice.vad import WINDOW

UNLESS_RESUMED = 0.1
"""Seconds more of silence before a turn is thought about while others wait: most pauses inside a
sentence are over by then, and thinking ahead is the first thing to save on."""

UNDECIDED = 0.3
"""How far from even odds the words may leave a turn for its sound to be judged, too: that costs a
fifth of what recognition costs, which must not wait for it."""

ECHO_WITHIN = 2 * RATE
"""Samples after our last sound in which it may still come back."""


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A turn that is over.

    Attributes:
        turn: Its number.
        voice_end: Sample at 16 kHz, since the call began, at which the voice ended.
        voice_ended_at, ended_at: Monotonic seconds: when the voice ended, when that was certain.
        thinking: What was thought of it; may still be under way. None stands for nothing heard.
    """

    turn: int
    voice_end: int
    voice_ended_at: float
    ended_at: float
    thinking: "asyncio.Task[Thinking | None] | None"


class Ear(Protocol):
    """Who is told what the caller does."""

    @property
    def playing(self) -> bool:
        """Whether the caller is hearing us."""

    async def on_started(self, turn: int) -> None:
        """The caller speaks."""

    async def on_dropped(self, turn: int) -> None:
        """It was no speech."""

    async def on_overlap(self, overlap: Overlap) -> None:
        """There is a sound over the answer that may be speech; or it was none."""

    async def on_turn(self, turn: HeardTurn) -> None:
        """The turn is over."""

    async def on_silent(self, turn: int) -> None:
        """The caller has said nothing for a while."""


class Listener:
    """Finds the caller's turns and has them thought about.

    Args:
        engines: Shared by all calls.
        mind: This call's dialog.
        ear: Told what happens.
        silence: Seconds of saying nothing until `on_silent`.
    """

    def __init__(self, engines: Engines, mind: Mind, ear: Ear, *, silence: float) -> None:
        self.turns = TurnTaker(silence=silence)
        self._engines = engines
        self._mind = mind
        self._ear = ear
        self._evidence = SpeechEvidence()
        self._overlap = OverlapSense()
        self._echo = EchoGuard()
        self._sent_at = -ECHO_WITHIN
        self._rest = np.empty(0, np.int16)
        self._glance: asyncio.Task[Glance | None] | None = None
        self._thinking: asyncio.Task[Thinking | None] | None = None
        self._ended: set[int] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def seconds(self) -> float:
        """Audio received so far: the call's clock."""
        return self.turns.received / RATE

    async def hear(self, samples: np.ndarray) -> None:
        """Take audio: int16 at 16 kHz, any length."""
        samples = np.concatenate((self._rest, samples))
        whole = len(samples) // WINDOW * WINDOW
        self._rest = samples[whole:]
        for window in samples[:whole].reshape(-1, WINDOW):
            probability = self._evidence.process(window, playing=self._ear.playing)
            if echo := self._is_echo(window, probability):
                probability = 0.0
            for event in self.turns.hear(window, probability):
                await self._take(event)
            await self._sense(probability, loud=self._evidence.loud and not echo)

    def sent(self, samples: np.ndarray) -> None:
        """Our own audio has gone out, int16 at 16 kHz: it may come back."""
        self._echo.sent(samples)
        self._sent_at = self.turns.received

    async def _sense(self, probability: float, *, loud: bool) -> None:
        """Have the answer turned down while nobody knows yet whether the caller speaks."""
        if self.turns.speaking or not self._ear.playing:
            if self._overlap.reset():
                await self._ear.on_overlap(Overlap.RESTORE)
            return
        overlap = self._overlap.hear(probability, loud=loud)
        if overlap is Overlap.SPEECH:
            for event in self.turns.begin():
                await self._take(event)
        elif overlap is not None:
            await self._ear.on_overlap(overlap)

    def _is_echo(self, window: np.ndarray, probability: float) -> bool:
        self._echo.heard(window)
        lately = self.turns.received - self._sent_at < ECHO_WITHIN
        sound = probability >= self._overlap.settings.maybe or self._evidence.loud
        return lately and sound and self._echo.is_echo()

    def close(self) -> None:
        """The call is gone; what is being thought is dropped."""
        self._closed = True
        self.forget()

    def forget(self) -> None:
        """What was thought of the turn so far is void."""
        thinking, self._thinking = self._thinking, None
        if thinking is not None:
            thinking.add_done_callback(_drop)

    async def _take(self, event: TurnEvent) -> None:
        match event:
            case Started(turn):
                await self._ear.on_started(turn)
            case Hushed(audio):
                self._glance = self._start(self._engines.glance(audio))
            case Paused(generation, audio):
                self.forget()
                self._thinking = self._start(self._think(generation, audio))
            case Resumed():
                self.forget()
            case Ended():
                await self._end(event)
            case Dropped(turn):
                self.forget()
                await self._ear.on_dropped(turn)
            case Silent(turn):
                await self._ear.on_silent(turn)

    async def _end(self, ended: Ended) -> None:
        """From here on the thought is wanted, whatever the caller does next."""
        self._ended.add(ended.generation)
        thinking, self._thinking = self._thinking, None
        at = now()
        silence = (ended.at - ended.voice_end) / RATE
        await self._ear.on_turn(HeardTurn(ended.turn, ended.voice_end, at - silence, at, thinking))

    async def _think(self, generation: int, audio: np.ndarray) -> Thinking | None:
        if self._engines.crowded:
            await asyncio.sleep(UNLESS_RESUMED)
            if self._stale(generation):
                return None
        glance = await self._glance if self._glance is not None else None
        expectation = self._mind.expectation
        transcript = await self._engines.transcribe(
            audio,
            names=self._mind.names,
            awaited=self._mind.awaited,
            settled=self._mind.settled,
            cancelled=lambda: self._stale(generation),
            glance=glance,
        )
        if self._stale(generation):
            return None
        thinking = await self._mind.think(transcript, now())
        if self._stale(generation):
            return None
        thought = thinking.thought
        fits, over = fit(thought, expectation)
        for event in self.turns.understood(generation, fits, over):
            await self._take(event)
        if abs(over - 0.5) < UNDECIDED:
            self._start(self._judge(generation, audio))
        if thought and thought.decision.act is None and thought.decision.say:
            thinking.utterance = Utterance(self._engines, thought.decision.say)
        return thinking

    async def _judge(self, generation: int, audio: np.ndarray) -> None:
        self.turns.judged(generation, await self._engines.judge(audio))

    def _stale(self, generation: int) -> bool:
        wanted = generation == self.turns.generation or generation in self._ended
        return self._closed or not wanted

    def _start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _drop(task: "asyncio.Task[Thinking | None]") -> None:
    """Stop the synthesis that a forgotten thought had begun."""
    if not task.cancelled() and task.exception() is None and (thinking := task.result()):
        thinking.drop()
