"""False ends of turn: the assistant starts while the caller has only paused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from server.bench.calls import RecordedCall, right_in_call, turn_type
from server.bench.hosted import Assistant
from server.bench.pauses import PAUSE_KINDS, PauseKind, with_pauses
from server.bench.report import Report, Sheet, p50_p95, share, worst_gap
from server.caller import CallerTurn, place_call
from server.replay.run import caller_turns

WITHOUT = frozenset({"silence", "hang-up", "barge-in"})


@dataclass(frozen=True, slots=True)
class PausedTurn:
    """One caller turn with pauses in it.

    Attributes:
        kind: Of the pauses.
        answered: An answer sounded, in time or too early.
        cut_in: It sounded inside the caller's turn.
        right: Answered as the scenario expects.
        latency_ms: At the ear, where it did not cut in.
        parts: Of the latency.
    """

    kind: PauseKind
    answered: bool
    cut_in: bool
    right: bool
    latency_ms: float | None
    parts: dict[str, float]


def paused_turns(call: RecordedCall, seed: int) -> tuple[list[CallerTurn], dict[int, PauseKind]]:
    """A call's turns with pauses put in, and the kind of pauses by the turn's number."""
    turns, kinds = caller_turns(call.scenario, call.folder), {}
    rate = call.scenario.caller.sample_rate
    for n, turn in enumerate(turns, start=1):
        words = call.scenario.turns[n - 1].say
        if turn.samples is None or words is None:
            continue
        digits = turn_type(call.scenario, n) == "digits"
        paused = with_pauses(turn.samples, rate, words, digits=digits, seed=100 * seed + n)
        if paused is not None:
            turns[n - 1] = replace(turn, samples=paused.samples)
            kinds[n] = paused.kind
    return turns, kinds


async def play_paused(call: RecordedCall, host: Assistant, seed: int) -> list[PausedTurn]:
    """Play one recorded call with pauses to the assistant."""
    scenario = call.scenario
    turns, kinds = paused_turns(call, seed)
    async with host.serving(scenario.today) as url:
        log = await place_call(
            url,
            turns,
            sample_rate=scenario.caller.sample_rate,
            encoding=scenario.caller.encoding,
            seed=seed,
        )
    right = right_in_call(scenario, log)
    return [
        PausedTurn(
            kind=kinds[turn.n],
            answered=turn.cut_in or turn.response_latency_ms is not None,
            cut_in=turn.cut_in,
            right=turn.n in right,
            latency_ms=turn.response_latency_ms,
            parts=dict(turn.parts),
        )
        for turn in log.turns
        if turn.n in kinds
    ]


async def measure_turns(
    calls: Sequence[RecordedCall], host: Assistant, on_call: Callable[[], None] = lambda: None
) -> list[PausedTurn]:
    """Play all calls, one after another."""
    turns: list[PausedTurn] = []
    for seed, call in enumerate(calls):
        turns += await play_paused(call, host, seed)
        on_call()
    return turns


def turns_report(turns: Sequence[PausedTurn]) -> Report:
    """The figures of a run."""
    timed = [turn for turn in turns if turn.latency_ms is not None]
    latencies = tuple(turn.latency_ms for turn in timed if turn.latency_ms is not None)
    parts = tuple(turn.parts for turn in timed)
    rows: list[tuple[str, ...]] = []
    by_kind = {}
    for kind in PAUSE_KINDS:
        found = [turn for turn in turns if turn.kind == kind]
        felt = [turn.latency_ms for turn in found if turn.latency_ms is not None]
        cut_in, right = sum(t.cut_in for t in found), sum(t.right for t in found)
        rows.append((kind, share(cut_in, len(found)), share(right, len(found)), p50_p95(felt)))
        by_kind[kind] = {"n": len(found), "false_ends": cut_in, "right": right}
    cut_in, right = sum(t.cut_in for t in turns), sum(t.right for t in turns)
    rows.append(("all", share(cut_in, len(turns)), share(right, len(turns)), p50_p95(latencies)))
    columns = ("pauses", "false ends of turn", "answered rightly", "latency p50 / p95 ms")
    return Report(
        bench="turns",
        ours=latencies,
        parts=parts,
        more={
            "turns": len(turns),
            "false_ends": cut_in,
            "false_end_rate": round(cut_in / len(turns), 4) if turns else None,
            "unanswered": sum(not turn.answered for turn in turns),
            "by_kind": by_kind,
            "parts_worst_gap_ms": worst_gap(latencies, parts),
        },
        sheets=(Sheet("Turns with pauses", columns, tuple(rows)),),
        series={"latency after a turn with pauses": latencies},
    )
