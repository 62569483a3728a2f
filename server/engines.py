"""The engines that all calls of the process share, each on a thread of its own.

Nothing here runs on the event loop: a call awaits an engine's answer. Each engine has a bounded
queue, so that a call that cannot be served is told so at once, and work whose turn has been
overtaken is dropped when it comes up.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import structlog

from dialog.conversation import Understands
from dialog.phrases import fixed_phrases
from server.errors import ServerError
from server.least_first import LeastFirst
from server.meaning import load_meaning
from server.models import ModelStore
from server.settings import Settings
from server.waiting import Waiting
from voice.cues import Awaited
from voice.glance import Glance
from voice.recogniser import Recogniser
from voice.smart_turn import SmartTurn
from voice.synthesiser import Synthesiser
from voice.transcript import Hypothesis, Transcript

log = structlog.get_logger()

IDLE = 5.0
"""Seconds without work for a call after which there is time for other work."""

SPEECH_FIRST = 5
"""By how much the recogniser is nicer to the rest of the process: a silence in an answer is worse
than an answer that comes later, and speaking takes a tenth of what recognising does."""

NEVER_LATE = 0.03
"""Seconds that work may have waited for an engine which has time for what may be for nothing."""

P = ParamSpec("P")
T = TypeVar("T")


class Overloaded(ServerError):
    """An engine's queue is full: the call must wait or be refused."""


class EngineThread:
    """Threads with a bounded queue.

    Args:
        name: For the thread's name and for errors.
        threads: How many pieces of work run at once.
        limit: How many may wait or run at once.
        nice: By how much its threads, and those that its work starts, give way to others.

    Attributes:
        waiting: How long work waits for a thread.
    """

    def __init__(self, name: str, *, threads: int = 1, limit: int = 64, nice: int = 0) -> None:
        self._name = name
        self._limit = limit
        self._busy = 0
        self.waiting = Waiting()
        self._pool = ThreadPoolExecutor(threads, name, initializer=_give_way, initargs=(nice,))
        self._line = LeastFirst(self._pool)

    @property
    def idle(self) -> bool:
        """Whether there is no work, and lately none has waited."""
        return self._busy == 0 and self.waiting.seconds() < NEVER_LATE

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a blocking function.

        Cancelling the caller does not stop work that has begun.

        Raises:
            Overloaded: Too much is waiting already.
        """
        return await self._run(self._pool, lambda: work(*args, **kwargs))

    def load(self, work: Callable[[], T]) -> T:
        """The result of work that starts threads of its own; waits for it."""
        return self._pool.submit(work).result()

    async def run_by(self, least: Callable[[], float], work: Callable[[], T]) -> T:
        """The same, on one thread: of all that waits like this, the least goes first.

        Raises:
            Overloaded: Too much is waiting already.
        """
        return await self._run(self._line.by(least), work)

    async def _run(self, executor: Executor, work: Callable[[], T]) -> T:
        if self._busy >= self._limit:
            raise Overloaded(f"{self._name}: {self._busy} pieces of work are waiting already")
        self._busy += 1
        ticket = self.waiting.add()

        def begun() -> T:
            self.waiting.begin(ticket)
            return work()

        future = asyncio.get_running_loop().run_in_executor(executor, begun)
        future.add_done_callback(lambda done: self._finished(done, ticket))
        return await asyncio.shield(future)

    def _finished(self, future: "asyncio.Future[T]", ticket: int) -> None:
        self._busy -= 1
        self.waiting.begin(ticket)
        if not future.cancelled():
            future.exception()  # whoever awaited it has seen it; nobody else needs a warning

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._line.close()


def _hearing_thread() -> EngineThread:
    return EngineThread("hearing", nice=SPEECH_FIRST)


def _give_way(nice: int) -> None:
    if nice and sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


@dataclass(slots=True)
class Engines:
    """One recogniser, one judge of turns, one understander, one synthesiser, and their threads.

    Attributes:
        understander: A call keeps the one that it began with; the next may have another.
        phrases_file: Where the sound of fixed phrases is kept over restarts.
        bank: Threads for what talks to the database.
    """

    recogniser: Recogniser
    smart_turn: SmartTurn
    understander: Understands
    synthesiser: Synthesiser
    phrases_file: Path
    bank: EngineThread = field(default_factory=lambda: EngineThread("bank", threads=4))
    _hearing: EngineThread = field(default_factory=_hearing_thread)
    _judging: EngineThread = field(default_factory=lambda: EngineThread("judging"))
    _thinking: EngineThread = field(default_factory=lambda: EngineThread("thinking"))
    _speaking: EngineThread = field(default_factory=lambda: EngineThread("speaking"))
    _used_at: float = 0.0

    @property
    def crowded(self) -> bool:
        """Whether other turns wait to be recognised: what may be for nothing should wait, too."""
        return self._hearing.waiting.queued > 0

    @property
    def late(self) -> bool:
        """Whether engines that a caller waits for have lately kept somebody waiting."""
        return self.seconds_late() >= NEVER_LATE

    def seconds_late(self) -> float:
        """By how much the engines that a caller waits for have been late lately."""
        return self._hearing.waiting.seconds() + self._speaking.waiting.seconds()

    async def glance(self, audio: np.ndarray) -> Glance | None:
        """Begin to recognise a turn that may be over, where nothing else is to be done."""
        if not self._hearing.idle:
            return None
        return await self._hearing.run(self.recogniser.glance, audio)

    async def transcribe(
        self,
        audio: np.ndarray,
        *,
        names: Sequence[str],
        awaited: Awaited,
        settled: Callable[[Sequence[Hypothesis]], bool],
        cancelled: Callable[[], bool],
        glance: Glance | None = None,
    ) -> Transcript:
        """The words of a turn: int16 at 16 kHz; see `Recogniser.transcribe`."""
        self._used_at = time.monotonic()
        return await self._hearing.run(
            self.recogniser.transcribe,
            audio,
            names=names,
            awaited=awaited,
            settled=settled,
            cancelled=cancelled,
            glance=glance,
        )

    async def judge(self, audio: np.ndarray) -> float:
        """How finished a turn sounds, 0 to 1."""
        return await self._judging.run(self.smart_turn.complete_probability, audio)

    async def think(self, work: Callable[[], T]) -> T:
        """Understanding and deciding, which change nothing."""
        return await self._thinking.run(work)

    async def speak(
        self, text: str, *, cancelled: Callable[[], bool], store: Callable[[], float]
    ) -> AsyncIterator[np.ndarray]:
        """The windows of a sentence, int16 at the synthesiser's rate.

        Each window is a piece of work of its own, and the call that has least to say in store goes
        first: a long sentence of one holds up neither the first sound of another nor its next.

        Args:
            text: As a reply writes it.
            cancelled: Asked before each window.
            store: Seconds of sound that the call has in store.
        """
        windows = self.synthesiser.stream(text, cancelled=cancelled)
        following = partial(next, windows, None)
        while (window := await self._speaking.run_by(store, following)) is not None:
            self._used_at = time.monotonic()
            yield window

    async def make_phrases(self) -> None:
        """Make the sound of fixed phrases ahead of time, while nobody is served."""
        for words in self.synthesiser.missing():
            while time.monotonic() - self._used_at < IDLE:
                await asyncio.sleep(1.0)
            if self.synthesiser.phrases.full:
                break
            await self._speaking.run(self.synthesiser.make, words)
        await self._speaking.run(self._save_phrases)

    def close(self) -> None:
        """End all threads, and keep the sound of the phrases for the next start."""
        self._save_phrases()
        for thread in (self.bank, self._hearing, self._judging, self._thinking, self._speaking):
            thread.close()

    def _save_phrases(self) -> None:
        try:
            self.synthesiser.phrases.save(self.phrases_file)
        except OSError as error:
            log.warning("phrases_not_kept", file=str(self.phrases_file), error=str(error))


def load_engines(settings: Settings, report: Callable[[str], None] = lambda _: None) -> Engines:
    """Load and warm up everything once; a model that is not ready yet is prepared first.

    Args:
        settings: Which models, on what device.
        report: Told what is being loaded.

    Raises:
        ModelError: A model is missing or damaged.
    """
    folders = model_folders(settings, report)
    report("recogniser")
    hearing = _hearing_thread()
    recogniser = hearing.load(lambda: _recogniser(folders[settings.recogniser], settings))
    report("turn model")
    smart_turn = SmartTurn()
    report("understanding")
    understander = load_meaning(settings, folders[settings.encoder])
    report("voice")
    synthesiser = Synthesiser(
        folders[settings.voice], device=settings.device, threads=settings.threads
    )
    synthesiser.warm_up()
    synthesiser.fix(fixed_phrases(settings.language))
    phrases = settings.models / f"phrases-{Path(settings.voice).name}.npz"
    synthesiser.phrases.load(phrases)
    return Engines(recogniser, smart_turn, understander, synthesiser, phrases, _hearing=hearing)


def _recogniser(folder: Path, settings: Settings) -> Recogniser:
    recogniser = Recogniser(folder, device=settings.device, threads=settings.threads)
    recogniser.warm_up()
    return recogniser


def model_folders(
    settings: Settings, report: Callable[[str], None] = lambda _: None
) -> dict[str, Path]:
    """Where each model that these settings need lies; one that is not ready yet is prepared.

    Raises:
        ModelError: A model is missing or damaged.
    """
    store = ModelStore(settings.models)
    folders: dict[str, Path] = {}
    for name in model_names(settings):
        report(f"model {name}")
        folders[name] = store.prepare(name)
    return folders


def model_names(settings: Settings) -> tuple[str, ...]:
    """The models that these settings need."""
    return (settings.recogniser, settings.voice, settings.encoder, "turn-models")
