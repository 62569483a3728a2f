"""Calls at once: latency, gaps in the audio, the event loop's lag, and who is refused."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from server.bench.beside import PeerCall
from server.bench.calls import RecordedCall, right_in_call, turn_type
from server.bench.hosted import Assistant
from server.bench.peer import Peer
from server.bench.report import percentile
from server.caller import CallLog, place_call
from server.client.connection import CallError
from server.replay.callers import caller_turns

LEVELS = (1, 2, 4, 6, 8)
WITHOUT = frozenset({"silence", "hang-up", "barge-in"})
STAGGER = 2.0
"""Seconds over which the first calls of a level begin."""

GAP = 0.01
"""Seconds of silence within an answer that can be heard."""

P95_TARGET_MS = 1200.0


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a level."""

    log: CallLog
    spoken: frozenset[int]
    right: frozenset[int]


@dataclass(frozen=True, slots=True)
class Level:
    """So many calls at once.

    Attributes:
        calls: How many at once.
        latencies: Milliseconds at the ear of spoken turns.
        parts: Of each.
        turns, right, cut_in: Spoken turns, those answered rightly, and those cut into.
        gaps: Seconds of each silence within an answer.
        lag: Of the server's event loop, as `LoopLag.take` tells it.
        refused: Calls refused although there should have been a place.
        next_refused: The call over the number was refused politely.
        lateness: Seconds that a caller's microphone was late at worst.
    """

    calls: int
    latencies: tuple[float, ...]
    parts: tuple[dict[str, float], ...]
    turns: int
    right: int
    cut_in: int
    gaps: tuple[float, ...]
    lag: dict[str, Any]
    refused: int
    next_refused: bool
    lateness: float

    @property
    def holds(self) -> bool:
        """Whether p95 is within 1,200 ms and no answer had a gap."""
        p95 = percentile(self.latencies, 95)
        return p95 is not None and p95 <= P95_TARGET_MS and not self.gaps and not self.refused


def underruns(log: CallLog) -> list[float]:
    """Silences within an answer while more of it was to come, seconds each.

    An answer is under way from its first `said` to its `listening`; after a `clear` it is over.
    """
    found, began = [], None
    spans: list[tuple[float, float]] = []
    for event in log.events:
        kind = event.message["type"]
        if kind == "said" and not event.message.get("interrupted"):
            began = event.at if began is None else began
        elif kind in ("listening", "clear") and began is not None:
            if kind == "listening":
                spans.append((began, event.at))
            began = None
    for first, last in log.gaps:
        start, end = first / log.sample_rate, last / log.sample_rate
        inside = any(a < start and end <= b + GAP for a, b in spans)
        if inside and end - start >= GAP:
            found.append(round(end - start, 4))
    return found


async def measure_level(
    calls: Sequence[RecordedCall], host: Assistant, count: int, seconds: float, seed: int
) -> Level:
    """Keep so many calls going; a caller whose call is over places another until time is up."""
    today = calls[0].scenario.today
    done: list[Called] = []
    refused = 0
    until = asyncio.get_running_loop().time() + seconds
    async with host.serving(today, max_calls=count) as line:
        await host.lag()

        async def caller(number: int) -> None:
            nonlocal refused
            rng = random.Random(f"{seed} {count} {number}")  # noqa: S311
            await asyncio.sleep(STAGGER * number / count)
            while asyncio.get_running_loop().time() < until:
                try:
                    done.append(await _call(rng.choice(calls), line.url, rng.randrange(1000)))
                except CallError:
                    refused += 1
                    await asyncio.sleep(STAGGER)

        async def one_too_many() -> bool:
            await asyncio.sleep(STAGGER + seconds / 2)
            return await _is_refused(calls[0], line.url)

        *_, next_refused = await asyncio.gather(*map(caller, range(count)), one_too_many())
        return _level(count, done, await host.lag(), refused, next_refused=bool(next_refused))


async def _call(call: RecordedCall, url: str, seed: int) -> Called:
    scenario = call.scenario
    log = await place_call(
        url,
        caller_turns(scenario, call.folder),
        sample_rate=scenario.caller.sample_rate,
        encoding=scenario.caller.encoding,
        seed=seed,
    )
    spoken = [t.n for t in log.turns if t.n and turn_type(scenario, t.n)]
    return Called(log, frozenset(spoken), frozenset(right_in_call(scenario, log)))


async def _is_refused(call: RecordedCall, url: str) -> bool:
    """The server says that it is busy; a line that is dropped is not polite."""
    try:
        await place_call(url, caller_turns(call.scenario, call.folder)[:0])
    except CallError as error:
        return "busy" in str(error)
    return False


def _level(
    count: int, done: Sequence[Called], lag: dict[str, Any], refused: int, *, next_refused: bool
) -> Level:
    turns = [(each, t) for each in done for t in each.log.turns if t.n in each.spoken]
    timed = [turn for _, turn in turns if turn.response_latency_ms is not None]
    return Level(
        calls=count,
        latencies=tuple(t.response_latency_ms for t in timed if t.response_latency_ms is not None),
        parts=tuple(dict(turn.parts) for turn in timed),
        turns=len(turns),
        right=sum(turn.n in each.right for each, turn in turns),
        cut_in=sum(turn.cut_in for _, turn in turns),
        gaps=tuple(gap for each in done for gap in underruns(each.log)),
        lag=lag,
        refused=refused,
        next_refused=next_refused,
        lateness=max((each.log.worst_lateness for each in done), default=0.0),
    )


async def measure_load(
    calls: Sequence[RecordedCall],
    host: Assistant,
    levels: Sequence[int],
    seconds: float,
    on_level: Callable[[], None] = lambda: None,
    seed: int = 1,
) -> list[Level]:
    """Measure each level after the one before."""
    measured = []
    for count in levels:
        measured.append(await measure_level(calls, host, count, seconds, seed))
        on_level()
    return measured


async def measure_peer_level(
    calls: Sequence[PeerCall], peers: Sequence[Peer], seconds: float, seed: int
) -> tuple[float, ...]:
    """Keep a call going on each line to the peer; gives milliseconds at the ear."""
    felt: list[float] = []
    until = asyncio.get_running_loop().time() + seconds

    async def caller(number: int, peer: Peer) -> None:
        rng = random.Random(f"{seed} {len(peers)} {number}")  # noqa: S311
        await asyncio.sleep(STAGGER * number / len(peers))
        while asyncio.get_running_loop().time() < until:
            for turn in await peer.play(rng.choice(calls).said):
                if turn.latency is not None and turn.latency >= 0:
                    felt.append(round(1000 * turn.latency, 1))

    await asyncio.gather(*(caller(number, peer) for number, peer in enumerate(peers)))
    return tuple(felt)
