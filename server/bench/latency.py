"""Response latency at the caller's ear, ours and the peer's, over recorded calls in real time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.bench.calls import TURN_TYPES, RecordedCall, TurnType, right_in_call, turn_type
from server.bench.hosted import Serving
from server.bench.report import (
    Report,
    Sheet,
    cell,
    p50_p95,
    percentile,
    percentiles,
    share,
    typical_parts,
    worst_gap,
)
from server.caller import place_call
from server.replay.callers import caller_turns

OURS = "tellerline"
WITHOUT = frozenset({"silence", "hang-up"})
"""Calls in which the caller mostly says nothing."""


@dataclass(frozen=True, slots=True)
class AnsweredTurn:
    """One spoken caller turn.

    Attributes:
        call, n: The scenario, and the turn in it from 1.
        kind: What was said.
        latency_ms: At the ear; None where no answer sounded or it cut in.
        right: Whether it was answered as the scenario expects.
        cut_in: The answer sounded before the caller had finished.
        parts: Of the latency, milliseconds; empty where not measured.
    """

    call: str
    n: int
    kind: TurnType
    latency_ms: float | None
    right: bool
    cut_in: bool = False
    parts: Mapping[str, float] | None = None

    @property
    def counts(self) -> bool:
        """Whether its latency is one to count."""
        return self.right and self.latency_ms is not None and not self.cut_in


@dataclass(frozen=True, slots=True)
class Side:
    """All turns of one assistant."""

    name: str
    turns: tuple[AnsweredTurn, ...]

    @property
    def counted(self) -> dict[tuple[str, int], AnsweredTurn]:
        """Turns to count, by call and number."""
        return {(turn.call, turn.n): turn for turn in self.turns if turn.counts}


async def our_turns(call: RecordedCall, host: Serving, seed: int = 1) -> list[AnsweredTurn]:
    """Play one recorded call to the assistant."""
    scenario = call.scenario
    turns = caller_turns(scenario, call.folder)
    async with host.serving(scenario.today) as line:
        log = await place_call(
            line.url,
            turns,
            dial=line.dial,
            sample_rate=scenario.caller.sample_rate,
            encoding=scenario.caller.encoding,
            seed=seed,
        )
    right = right_in_call(scenario, log)
    measured = []
    for turn in log.turns:
        kind = turn_type(scenario, turn.n) if turn.n else None
        if kind is None or scenario.turns[turn.n - 1].barge_in is not None:
            continue
        measured.append(
            AnsweredTurn(
                call=scenario.name,
                n=turn.n,
                kind=kind,
                latency_ms=turn.response_latency_ms,
                right=turn.n in right,
                cut_in=turn.cut_in,
                parts=turn.parts,
            )
        )
    return measured


async def measure_ours(
    calls: Sequence[RecordedCall],
    host: Serving,
    at_once: int,
    keep: Callable[[str, list[AnsweredTurn]], None],
) -> None:
    """Play recorded calls, so many at once, each to a bank of its own.

    Args:
        calls: What is played.
        host: The assistant.
        at_once: How many calls.
        keep: Takes our name and the turns of a call.
    """
    places = asyncio.Semaphore(at_once)

    async def play(seed: int, call: RecordedCall) -> None:
        async with places:
            keep(OURS, await our_turns(call, host, seed))

    await asyncio.gather(*(play(seed, call) for seed, call in enumerate(calls)))


def both_right(ours: Side, peer: Side) -> list[tuple[AnsweredTurn, AnsweredTurn]]:
    """The turns that both answered rightly."""
    theirs = peer.counted
    return [(turn, theirs[key]) for key, turn in ours.counted.items() if key in theirs]


def latency_report(ours: Side, peers: Sequence[Side] = ()) -> Report:
    """The figures of a run; the first peer is the one with its defaults."""
    pairs = {peer.name: both_right(ours, peer) for peer in peers}
    first = pairs[peers[0].name] if peers else []
    counted = [*ours.counted.values()]
    latencies = _latencies(counted)
    parts = tuple(turn.parts or {} for turn in counted)
    gap = worst_gap(latencies, parts)
    sheets = [_overview(ours, peers, pairs), _by_type(ours, peers, pairs), _parts(latencies, parts)]
    return Report(
        bench="latency",
        ours=latencies,
        peer=_latencies([b for _, b in first]) if peers else None,
        beside=_latencies([a for a, _ in first]) if peers else None,
        parts=parts,
        more=_more(ours, peers, pairs) | {"parts_worst_gap_ms": gap},
        sheets=tuple(sheets),
        notes=(f"parts of a turn miss its latency by {cell(gap)} ms at worst",) if gap else (),
        series={ours.name: latencies}
        | {name: _latencies([p for _, p in found]) for name, found in pairs.items()},
    )


Pairs = Mapping[str, Sequence[tuple[AnsweredTurn, AnsweredTurn]]]


def _latencies(turns: Sequence[AnsweredTurn]) -> tuple[float, ...]:
    return tuple(turn.latency_ms for turn in turns if turn.latency_ms is not None)


def _ratio(pairs: Sequence[tuple[AnsweredTurn, AnsweredTurn]]) -> float | None:
    ours = percentile(_latencies([a for a, _ in pairs]), 50)
    theirs = percentile(_latencies([b for _, b in pairs]), 50)
    return round(ours / theirs, 3) if ours is not None and theirs else None


def _overview(ours: Side, peers: Sequence[Side], pairs: Pairs) -> Sheet:
    counted = [*ours.counted.values()]
    rows = [(ours.name, *_side(ours), str(len(counted)), p50_p95(_latencies(counted)), "", "")]
    rows += [(peer.name, *_side(peer), *_compared(pairs[peer.name])) for peer in peers]
    columns = ("assistant", "turns", "answered rightly", "cut in", *COMPARED)
    return Sheet("Response latency at the caller's ear", columns, tuple(rows))


COMPARED = ("n", "p50 / p95 ms", "ours on the same", "ratio of p50")


def _compared(pairs: Sequence[tuple[AnsweredTurn, AnsweredTurn]]) -> tuple[str, str, str, str]:
    ours, theirs = _latencies([a for a, _ in pairs]), _latencies([b for _, b in pairs])
    return str(len(pairs)), p50_p95(theirs), p50_p95(ours), str(_ratio(pairs) or "")


def _side(side: Side) -> tuple[str, str, str]:
    right = sum(turn.right and not turn.cut_in for turn in side.turns)
    cut_in = sum(turn.cut_in for turn in side.turns)
    return str(len(side.turns)), share(right, len(side.turns)), str(cut_in)


def _by_type(ours: Side, peers: Sequence[Side], pairs: Pairs) -> Sheet:
    rows = []
    for kind in TURN_TYPES:
        mine = [turn for turn in ours.counted.values() if turn.kind == kind]
        rows.append((kind, ours.name, str(len(mine)), p50_p95(_latencies(mine)), "", ""))
        for peer in peers:
            of_kind = [pair for pair in pairs[peer.name] if pair[0].kind == kind]
            rows.append((kind, peer.name, *_compared(of_kind)))
    return Sheet("By what the caller says", ("turn", "assistant", *COMPARED), tuple(rows))


def _parts(latencies: Sequence[float], parts: Sequence[Mapping[str, float]]) -> Sheet:
    names = dict.fromkeys(name for each in parts for name in each)
    typical = typical_parts(latencies, parts)
    rows = []
    for name in names:
        values = [each[name] for each in parts if name in each]
        rows.append((name, cell(typical.get(name)), p50_p95(values)))
    rows.append(("sum", cell(sum(typical.values())), ""))
    return Sheet("Parts of the latency", ("part", "median turn ms", "p50 / p95 ms"), tuple(rows))


def _more(ours: Side, peers: Sequence[Side], pairs: Pairs) -> dict[str, Any]:
    types = {}
    for kind in TURN_TYPES:
        mine = [turn for turn in ours.counted.values() if turn.kind == kind]
        types[kind] = {"n": len(mine), **percentiles(_latencies(mine))}
    return {
        "turns": len(ours.turns),
        "right": sum(turn.right for turn in ours.turns),
        "cut_in": sum(turn.cut_in for turn in ours.turns),
        "by_type": types,
        "peers": {
            peer.name: {
                "turns": len(peer.turns),
                "right": sum(turn.right for turn in peer.turns),
                "cut_in": sum(turn.cut_in for turn in peer.turns),
                "n": len(pairs[peer.name]),
                **percentiles(_latencies([b for _, b in pairs[peer.name]])),
                "ratio": _ratio(pairs[peer.name]),
            }
            for peer in peers
        },
    }
