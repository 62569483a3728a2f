"""The figures of calls at once: how many hold, and what the next ones do to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.bench.load import Level
from server.bench.report import Report, Sheet, cell, p50_p95, percentiles, share


def load_report(
    levels: Sequence[Level], peer: Mapping[int, Sequence[float]] | None = None
) -> Report:
    """The figures of a run; the headline is the largest number of calls.

    Args:
        levels: Ours.
        peer: The peer's milliseconds by number of calls, where it was measured.
    """
    theirs = peer or {}
    rows = [
        (
            str(level.calls),
            str(level.turns),
            p50_p95(level.latencies),
            share(level.right, level.turns),
            f"{len(level.gaps)} ({1000 * sum(level.gaps):.0f} ms)",
            cell(level.lag.get("p99_ms")),
            str(level.refused),
            "refused" if level.next_refused else "NOT refused",
            cell(1000 * level.lateness),
            p50_p95(theirs.get(level.calls, ())),
        )
        for level in levels
    ]
    columns = (
        "calls",
        "turns",
        "latency p50 / p95 ms",
        "answered rightly",
        "audio gaps",
        "loop lag p99 ms",
        "refused",
        "call N + 1",
        "callers late ms",
        "peer p50 / p95 ms",
    )
    last = levels[-1]
    holding = [level.calls for level in levels if level.holds]
    return Report(
        bench="load",
        ours=last.latencies,
        peer=None if peer is None else tuple(theirs.get(last.calls, ())),
        parts=last.parts,
        more={
            "calls": last.calls,
            "capacity": max(holding, default=0),
            "levels": [_level_json(level) for level in levels],
            "peer_levels": {str(n): percentiles(felt) for n, felt in theirs.items()},
        },
        sheets=(Sheet("Calls at once", columns, tuple(rows)),),
        notes=(f"p95 within 1,200 ms and no gap: up to {max(holding, default=0)} calls",),
        series={f"{level.calls} calls": level.latencies for level in levels},
    )


def _level_json(level: Level) -> dict[str, Any]:
    return {
        "calls": level.calls,
        "n": len(level.latencies),
        **percentiles(level.latencies),
        "turns": level.turns,
        "right": level.right,
        "cut_in": level.cut_in,
        "audio_gaps": len(level.gaps),
        "audio_gaps_ms": round(1000 * sum(level.gaps), 1),
        "loop_lag": level.lag,
        "refused": level.refused,
        "next_call_refused": level.next_refused,
        "callers_late_ms": round(1000 * level.lateness, 1),
    }
