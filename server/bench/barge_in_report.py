"""The figures of speaking over an answer: how soon it yields, and what it ignores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.bench.barge_in import NOISES, SPEECH, Outcome
from server.bench.report import Report, Sheet, p50_p95, percentiles, share


@dataclass(frozen=True, slots=True)
class _Counts:
    """The outcomes of one assistant, sorted."""

    ducked: tuple[float, ...]
    decided: tuple[float, ...]
    speech: int
    yielded: int
    ignored: dict[str, tuple[int, int]]
    silent: int

    @property
    def noises(self) -> tuple[int, int]:
        """Ignored ones, and all."""
        found = self.ignored.values()
        return sum(ignored for ignored, _ in found), sum(n for _, n in found)

    def column(self) -> list[str]:
        """For people."""
        return [
            p50_p95(self.ducked),
            p50_p95(self.decided),
            share(self.yielded, self.speech),
            *(share(*counts) for counts in self.ignored.values()),
            share(*self.noises),
            str(self.silent),
        ]

    def json(self) -> dict[str, Any]:
        """For programs."""
        ignored, noises = self.noises
        return {
            "decided": percentiles(self.decided),
            "yield_rate": round(self.yielded / self.speech, 4) if self.speech else None,
            "selectivity": round(ignored / noises, 4) if noises else None,
            "ignored": {k: {"n": n, "ignored": i} for k, (i, n) in self.ignored.items()},
            "into_silence": self.silent,
        }


def _counts(outcomes: Sequence[Outcome]) -> _Counts:
    counted = [each for each in outcomes if each.heard is not None]
    speech = [each for each in counted if each.kind == SPEECH]
    ducked = [each.heard.ducked for each in speech if each.heard is not None]
    noises = {kind: [e for e in counted if e.kind == kind] for kind in NOISES}
    return _Counts(
        ducked=tuple(round(1000 * at, 1) for at in ducked if at is not None),
        decided=tuple(round(1000 * e.decided, 1) for e in speech if e.decided is not None),
        speech=len(speech),
        yielded=sum(each.yielded for each in speech),
        ignored={
            kind: (sum(e.ignored for e in found), len(found)) for kind, found in noises.items()
        },
        silent=len(outcomes) - len(counted),
    )


WHAT = (
    "ducked by 20 dB after the onset, p50 / p95 ms",
    "answer dropped after the onset, p50 / p95 ms",
    "yielded to speech",
    *(f"ignored: {kind}" for kind in NOISES),
    "ignored: all noises",
    "trials into a silence, not counted",
)


def barge_in_report(
    outcomes: Sequence[Outcome], peer: Sequence[Outcome] = (), peer_name: str = "peer"
) -> Report:
    """The figures of a run."""
    ours, theirs = _counts(outcomes), _counts(peer)
    columns = [WHAT, ours.column()] + ([theirs.column()] if peer else [])
    names = ("what", "tellerline") + ((peer_name,) if peer else ())
    more = ours.json() | ({"peer_figures": theirs.json()} if peer else {})
    return Report(
        bench="barge-in",
        ours=ours.ducked,
        peer=theirs.ducked if peer else None,
        parts=tuple({"onset_to_ducked": ms} for ms in ours.ducked),
        more=more,
        sheets=(Sheet("Speaking over the answer", names, tuple(zip(*columns, strict=True))),),
        series={"onset to ducked": ours.ducked, "onset to dropped": ours.decided}
        | {f"{peer_name}, to ducked": theirs.ducked},
    )
