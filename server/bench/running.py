"""How a bench is run by the command: models found, progress shown, processes begun and ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from nlu.corpus.load import FRESH_FOLDER, FRESH_MINIMUM, load_corpus
from nlu.understander import Understander
from server.bench.asr import asr_report, clips_of, measure_asr
from server.bench.barge_in import measure_barge_in, trials
from server.bench.barge_in_report import barge_in_report
from server.bench.beside import (
    PeerCall,
    TextJudge,
    measure_beside,
    opening,
    peer_call,
    warm_up,
)
from server.bench.calls import SAMPLES, RecordedCall, drawn_evenly
from server.bench.heard import Line, heard_report, measure_heard
from server.bench.hosted import Assistant, Serving, assistant
from server.bench.intelligibility import REPLIES as READ_BACK
from server.bench.intelligibility import read_back
from server.bench.kept import KeptTurns
from server.bench.latency import OURS, AnsweredTurn, latency_report, measure_ours
from server.bench.load import measure_load, measure_peer_level
from server.bench.load_report import load_report
from server.bench.peer import DEFAULTS, OPTIONS, Peer, peer_line, peer_process, stock_pipecat
from server.bench.report import Report
from server.bench.tts import REPLIES, measure_tts, tts_report, whole_sentence
from server.bench.turns import measure_turns, measure_turns_beside, turns_report
from server.bench.virtual import VirtualAssistant
from server.engines import load_engines
from server.models import STOCK_RECOGNISER, ModelStore
from server.replay.engines import Costs
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings
from voice.recogniser import Recogniser
from voice.synthesiser import Synthesiser


class Bench:
    """What every bench is run with.

    Args:
        settings: Which models.
        settings_file: Where they were read from, for the assistant's process.
        console: For progress.
    """

    def __init__(self, settings: Settings, settings_file: Path | None, console: Console) -> None:
        self.settings = settings
        self._file = settings_file
        self._console = console
        self._store = ModelStore(settings.models)

    def model(self, name: str) -> Path:
        """A model's folder, prepared first if need be."""
        return self._store.prepare(name)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar; what it gives is called after each step."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        times = (TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, *times, console=self._console) as bars:
            task = bars.add_task(what, total=total)
            yield lambda: bars.advance(task)

    @asynccontextmanager
    async def assistant(self) -> AsyncIterator[Assistant]:
        """The assistant in its own process, with a spinner while it loads."""
        async with AsyncExitStack() as stack:
            with self._console.status("starting the assistant") as status:
                host = await stack.enter_async_context(
                    assistant(self._file, lambda what: status.update(f"loading {what}"))
                )
            yield host

    def asr(self, data: Path | None, limit: int, *, peer: bool) -> Report:
        """The recogniser alone."""
        clips, notes = clips_of(data, limit, SAMPLES)
        model, threads = self.model(self.settings.recogniser), self.settings.threads
        with self.progress("recognising", len(clips)) as advance:
            stock = self.model(STOCK_RECOGNISER) if peer else None
            both = measure_asr(clips, model, threads=threads, peer=stock, on_clip=advance)
        return asr_report(both, notes)

    def heard(self, limit: int | None, voices: Sequence[str], line: Line) -> Report:
        """What the line costs in meaning."""
        lines = load_corpus(FRESH_FOLDER, FRESH_MINIMUM)
        taken = lines[:: max(1, len(lines) // limit)][:limit] if limit else lines
        threads = self.settings.threads
        recogniser = Recogniser(self.model(self.settings.recogniser), threads=threads)
        understander = Understander(self.model(self.settings.encoder), threads=threads)
        with self.progress("hearing", len(taken)) as advance:
            found = measure_heard(taken, voices, line, recogniser, understander, advance)
        return heard_report(found, line)

    def tts(self, rounds: int, *, peer: bool, read: bool) -> Report:
        """The synthesiser alone; with `read` its words are read back, too."""
        with self._console.status("loading the voice"):
            folder = self.model(self.settings.voice)
            device, threads = self.settings.device, self.settings.threads
            ours = Synthesiser(folder, device=device, threads=threads)
            name, whole = whole_sentence(folder, ours.device) if peer else ("Coqui", None)
        with self.progress("speaking", (rounds + 1) * len(REPLIES)) as advance:
            timings, cached = measure_tts(ours, whole, rounds, advance)
        lines: list[str] = []
        if read:
            with self.progress("reading back", len(READ_BACK)) as advance:
                model = self.model(STOCK_RECOGNISER)
                lines = read_back(ours, model, advance).lines()
        return tts_report(timings, cached, name, lines)

    def run(self, work: Callable[[Assistant], Awaitable[Report]]) -> Report:
        """Run a bench that needs the assistant."""

        async def go() -> Report:
            async with self.assistant() as host:
                return await work(host)

        return asyncio.run(go())

    def run_fast(self, work: Callable[[Serving], Awaitable[Report]], costs: Costs) -> Report:
        """Run a bench in virtual time, on engines in this process that take a given time."""
        with self._console.status("loading") as status:
            engines = load_engines(self.settings, lambda what: status.update(f"loading {what}"))
        host = VirtualAssistant(self.settings, engines, costs)

        async def go() -> Report:
            return await work(host)

        try:
            return run_in_virtual_time(go())
        finally:
            engines.close()

    def latency(
        self,
        calls: list[RecordedCall],
        limit: int | None = None,
        *,
        at_once: int = 1,
        peer_turns: int | None = 0,
        keep: Path | None = None,
    ) -> Report:
        """Response latency over recorded calls.

        Args:
            calls: All that may be played.
            limit: How many of them now; those that are kept already are left out.
            at_once: Calls at once, without peers.
            peer_turns: How many turns each peer is asked for, drawn from all over the calls; None
                asks for all, 0 leaves the peers out.
            keep: File of the turns of earlier runs and of this one.
        """
        names = (OURS,) if peer_turns == 0 else (OURS, *OPTIONS)
        kept = KeptTurns(keep, names)
        theirs = calls if peer_turns is None else drawn_evenly(calls, peer_turns)
        asked = {each.scenario.name for each in theirs}

        def missing(call: RecordedCall) -> int:
            """How many assistants have still to play it."""
            name = call.scenario.name
            return sum(not kept.holds(n, name) for n in names if n == OURS or name in asked)

        open_calls = [call for call in calls if missing(call)][:limit]

        async def work(host: Assistant) -> Report:
            with self.progress("calling", sum(map(missing, open_calls))) as advance:

                def take(name: str, turns: list[AnsweredTurn]) -> None:
                    kept.add(name, turns)
                    advance()

                if peer_turns == 0:
                    await measure_ours(open_calls, host, at_once, take)
                else:
                    theirs_now = [each for each in open_calls if each.scenario.name in asked]
                    await self._beside(host, open_calls, theirs_now, take, kept.holds)
            return _latency_of(kept)

        return self.run(work) if open_calls else _latency_of(kept)

    async def _beside(
        self,
        host: Assistant,
        calls: list[RecordedCall],
        theirs: list[RecordedCall],
        take: Callable[[str, list[AnsweredTurn]], None],
        kept: Callable[[str, str], bool],
    ) -> None:
        """Play all calls to us and some of them to every peer."""
        with TemporaryDirectory() as folder:
            judge = TextJudge(Path(folder), self.model(self.settings.encoder))
            ready = {
                each.scenario.name: peer_call(each, judge.conversation(each)) for each in theirs
            }
            async with self._peers(tuple(OPTIONS), opening(calls[0])) as peers:
                await measure_beside(calls, ready, host, peers, judge, take, kept)

    @asynccontextmanager
    async def _peers(self, names: Sequence[str], first: PeerCall) -> AsyncIterator[list[Peer]]:
        """Stock pipecats in processes of their own, warmed up."""
        whisper, peers = self.model(STOCK_RECOGNISER), []
        async with AsyncExitStack() as stack:
            for name in names:
                peers.append(await stack.enter_async_context(stock_pipecat(name, whisper)))
                await warm_up(peers[-1], first)
            yield peers

    def turns(
        self,
        calls: list[RecordedCall],
        *,
        peer: bool = False,
        costs: Costs | None = None,
        rounds: int = 1,
    ) -> Report:
        """False ends of turn over recorded calls with pauses put in.

        Args:
            calls: What is played.
            peer: Whether stock pipecat is measured, too.
            costs: Of the engines in virtual time; None measures in real time.
            rounds: How often each call is played, each time with other pauses.
        """
        calls = calls * rounds

        async def work(host: Serving) -> Report:
            with self.progress("calling", len(calls)) as advance:
                if not peer:
                    return turns_report(await measure_turns(calls, host, advance))
                with TemporaryDirectory() as folder:
                    judge = TextJudge(Path(folder), self.model(self.settings.encoder))
                    ready = [peer_call(call, judge.conversation(call)) for call in calls]
                async with self._peers((DEFAULTS,), ready[0]) as (stock,):
                    both = await measure_turns_beside(ready, host, stock, advance)
            return turns_report(*both, DEFAULTS)

        return self.run(work) if costs is None else self.run_fast(work, costs)

    def barge_in(
        self,
        calls: list[RecordedCall],
        count: int,
        seed: int,
        *,
        peer: bool = False,
        costs: Costs | None = None,
    ) -> Report:
        """Speech and noises over the answer; with `costs` in virtual time."""
        made = trials(calls, count, seed)

        async def work(host: Serving) -> Report:
            async with host.serving(calls[0].scenario.today) as line:
                with self.progress("speaking over answers", len(made)) as advance:
                    if not peer:
                        return barge_in_report(*await measure_barge_in(made, line, advance))
                    first = opening(calls[0])
                    async with self._peers((DEFAULTS,), first) as (stock,):
                        asked = first.said[0][0]
                        both = await measure_barge_in(made, line, advance, peer=stock, asked=asked)
                    return barge_in_report(*both, DEFAULTS)

        return self.run(work) if costs is None else self.run_fast(work, costs)

    def load(
        self, calls: list[RecordedCall], levels: Sequence[int], seconds: float, *, peer: bool
    ) -> Report:
        """Calls at once."""

        async def work(host: Assistant) -> Report:
            with self.progress("levels of load", len(levels) * (1 + peer)) as advance:
                ours = await measure_load(calls, host, levels, seconds, advance)
                if not peer:
                    return load_report(ours)
                ready = [opening(call) for call in calls]
                whisper = self.model(STOCK_RECOGNISER)
                theirs = {}
                async with AsyncExitStack() as stack:
                    url = await stack.enter_async_context(peer_process(DEFAULTS, whisper))
                    lines: list[Peer] = []
                    for count in levels:
                        while len(lines) < count:
                            line = await stack.enter_async_context(peer_line(DEFAULTS, url))
                            await warm_up(line, ready[0])
                            lines.append(line)
                        theirs[count] = await measure_peer_level(ready, lines, seconds, seed=1)
                        advance()
                return load_report(ours, theirs)

        return self.run(work)


def _latency_of(kept: KeptTurns) -> Report:
    ours, *peers = kept.sides()
    return latency_report(ours, peers)
