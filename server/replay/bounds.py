"""Gates out of several clean replays of the same code: bounds that chance alone seldom breaks.

Replays by other seeds differ in breaths, losses and noise, and so in a word or a millisecond. A
bound is where one more such replay would come only once in `1 / ALARM` times:

- a share of trials: the beta-binomial prediction of how many go wrong, all runs taken together
  (Jeffreys' prior; calls that differ among themselves scatter less than that, never more);
- any other figure: Student's prediction interval around the runs' mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import betabinom, t

from server.errors import ServerError
from server.replay.gates import Gate, Gates, check
from server.replay.metrics import METRICS, Metric, Rate, Record

ALARM = 0.001
"""Chance that a clean replay breaks one bound."""
STEP_MS = 20.0
"""Smallest slack of a latency: a frame."""
BOUNDED = frozenset(
    {
        "task success",
        "task success, nothing said again",
        "read back wrongly",
        "intent accuracy",
        "entity exactness",
        "word error",
        "digit error",
        "response rate",
        "response latency p50",
        "response latency p95",
        "agent interrupts user",
        "false ends of turn",
        "yield rate",
        "selectivity",
        "words heard in silence",
    }
)
"""Figures that tell good from bad; the others tell what kind of calls they are."""

Runs = Sequence[Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Bound:
    """A gate, and what it rests on: the figure of the first run, and the values of all."""

    gate: Gate
    metric: Metric
    seen: tuple[float, ...]

    def line(self) -> str:
        """For a gates file."""
        bound = "at_least" if self.gate.at_least is not None else "at_most"
        name = f'"{self.gate.metric}"' if "," in self.gate.metric else self.gate.metric
        key = f"- {{metric: {name}, {bound}: {getattr(self.gate, bound):g}}}"
        low, high = (self.metric.shown(value) for value in (min(self.seen), max(self.seen)))
        return f"  {key:62} # {low} to {high}, n {self.metric.n}"


def bounds(runs: Runs) -> list[Bound]:
    """A bound for every figure that tells good from bad and that all runs have.

    Raises:
        ServerError: There are too few runs to tell what chance does.
    """
    if len(runs) < 3:
        raise ServerError("bounds need three runs or more, each by another --seed")
    return list(_bounds(runs))


def failures(runs: Runs) -> int:
    """How many calls of one more run may fail."""
    failed = sum(not call["passed"] for run in runs for call in run)
    return _most(failed, sum(map(len, runs)), len(runs[0]))


def gates_of(runs: Runs) -> Gates:
    """All bounds as gates."""
    return Gates(gates=tuple(each.gate for each in bounds(runs)), failures=failures(runs))


def held_out(runs: Runs) -> list[list[str]]:
    """For each run, what it breaks of the gates that the other runs make."""
    broken = []
    for n, run in enumerate(runs):
        others = [*runs[:n], *runs[n + 1 :]]
        broken.append([str(gate) for gate in check(gates_of(others), run, ()) if gate.broken])
    return broken


def gates_file(runs: Runs) -> str:
    """The gates as YAML, with what was seen beside each."""
    counts = ", ".join(str(sum(not call["passed"] for call in run)) for run in runs)
    head = f"failures: {failures(runs)}"
    lines = [f"{head:64} # {counts} of {len(runs[0])} calls", "gates:"]
    return "\n".join([*lines, *(each.line() for each in bounds(runs))]) + "\n"


def _bounds(runs: Runs) -> Iterator[Bound]:
    for each in METRICS:
        seen = [each.value(run) for run in runs]
        first = each.measure(runs[0])
        if each.name not in BOUNDED or first is None or np.isnan(seen).any():
            continue
        if not isinstance(each, Rate) or not each.trials:
            bound = {"at_most": -_down(-_above(seen, first))}
        elif each.better == "low":
            bound = {"at_most": -_down(-_wrong(each, runs))}
        else:
            bound = {"at_least": _down(1 - _wrong(each, runs))}
        if bound.get("at_least") == 0 or (first.unit == "share" and bound.get("at_most", 0) >= 1):
            continue  # nothing could break it
        yield Bound(Gate.model_validate({"metric": each.name, **bound}), first, tuple(seen))


def _down(value: float) -> float:
    """To a step of 0.001, or of 1 for milliseconds, towards the looser side."""
    step = 1.0 if abs(value) > 1 else 0.001
    return round(float(np.floor(value / step + 1e-9) * step), 3)


def _wrong(rate: Rate, runs: Runs) -> float:
    """The largest share of wrong trials in one more run."""
    trials = [int(sum(map(rate.of, run))) for run in runs]
    counted = int(sum(rate.counted(call) for run in runs for call in run))
    wrong = sum(trials) - counted if rate.better == "high" else counted
    return _most(wrong, sum(trials), min(trials)) / min(trials)


def _most(wrong: int, total: int, trials: int) -> int:
    """Of so many trials, the most that go wrong but for a chance of `ALARM`."""
    return int(betabinom.ppf(1 - ALARM, trials, wrong + 0.5, total - wrong + 0.5))


def _above(seen: Sequence[float], metric: Metric) -> float:
    """The upper end of the prediction interval, at least a step above the mean."""
    values = np.array(seen)
    spread = float(values.std(ddof=1)) * float(np.sqrt(1 + 1 / len(values)))
    slack = float(t.ppf(1 - ALARM, len(values) - 1)) * spread
    step = STEP_MS if metric.unit == "ms" else 1 / metric.n
    return float(values.mean()) + max(slack, step)
