"""Figures of many calls with their confidence intervals: what a verdict is made of.

Names follow tau-bench's voice metrics where it has one. A share of independent trials gets
Wilson's interval; what is a ratio of sums, a quantile or a mean gets a bootstrap over calls,
because the turns of one call are not independent, and never a narrower one than if they were.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from server.replay.judge import BROKEN

Record = Mapping[str, Any]
"""One call as `Replayed.json()` makes it."""

Z = 1.959964
"""Of a 95% interval."""
SURE = 0.05
"""Chance below which a change is sure."""
DRAWS = 500
TOSSES = 2000
ALL_WAYS = 11
"""Scenarios that changed up to which all their 2 ** n swaps are tried."""
SEED = 20260316
BROKEN_ENDS = frozenset({"", *BROKEN})

Better = Literal["high", "low"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Attributes:
        name: As gates name it.
        unit: "share", "ms" or "" for a plain number.
        value: The figure.
        low, high: Its 95% confidence interval; high is infinite where the values cannot tell.
        n: Of how many (turns, calls, words).
        better: Which way is good.
    """

    name: str
    unit: str
    value: float
    low: float
    high: float
    n: int
    better: Better

    def json(self) -> dict[str, Any]:
        """For a file."""
        told = {name: getattr(self, name) for name in ("value", "low", "high")}
        rounded = {k: round(v, 5) if np.isfinite(v) else None for k, v in told.items()}
        return {"metric": self.name, "unit": self.unit, **rounded, "n": self.n}

    def shown(self, value: float | None = None) -> str:
        """A value of this metric for people."""
        value = self.value if value is None else value
        if self.unit == "share":
            return f"{value:.1%}"
        return f"{value:.0f} ms" if self.unit == "ms" else f"{value:.2f}"

    def interval(self) -> str:
        """Its interval for people."""
        low = self.shown(self.low)
        return f"{low} to {self.shown(self.high)}" if np.isfinite(self.high) else f"{low} or more"


@dataclass(frozen=True, slots=True)
class Rate:
    """A metric that is one sum over another; each call gives both."""

    name: str
    counted: Callable[[Record], float]
    of: Callable[[Record], float]
    better: Better
    unit: str = "share"
    trials: bool = True

    def value(self, calls: Sequence[Record]) -> float:
        """The figure alone; not a number where there is nothing to count."""
        of = sum(map(self.of, calls))
        return sum(map(self.counted, calls)) / of if of else float("nan")

    def measure(self, calls: Sequence[Record]) -> Metric | None:
        """The figure; None where there is nothing to count."""
        counted = np.array([self.counted(call) for call in calls], float)
        of = np.array([self.of(call) for call in calls], float)
        if not of.sum():
            return None
        value, n = float(counted.sum() / of.sum()), int(of.sum())
        if self.trials:
            low, high = wilson(float(counted.sum()), n)
        else:
            found = _interval(lambda pick: _ratio(counted[pick], of[pick]), len(calls))
            low, high = _wider(found, poisson(float(counted.sum()), n))
        return Metric(self.name, self.unit, value, low, high, n, self.better)

    def shift(self, old: Sequence[Record], new: Sequence[Record]) -> float:
        """How much some calls move the figure: their change by what it is counted of."""
        weight = sum(map(self.of, [*old, *new]))
        return weight * (self.value(new) - self.value(old))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A metric that is a quantile (or the mean, where q is None) of values of all turns."""

    name: str
    values: Callable[[Record], list[float]]
    q: float | None
    unit: str = "ms"

    def value(self, calls: Sequence[Record]) -> float:
        """The figure alone; not a number where there is nothing to count."""
        whole = self.parts(calls)
        return self._of(whole) if len(whole) else float("nan")

    @property
    def better(self) -> Better:
        """Which way is good."""
        return "low"

    def measure(self, calls: Sequence[Record]) -> Metric | None:
        """The figure; None where there is nothing to count."""
        each = [values for call in calls if len(values := self.parts([call]))]
        if not each:
            return None
        whole = np.concatenate(each)
        low, high = _interval(
            lambda pick: self._of(np.concatenate([each[place] for place in pick])), len(each)
        )
        if self.q is not None:
            low, high = _wider((low, high), _of_ranks(whole, self.q / 100))
        return Metric(self.name, self.unit, self._of(whole), low, high, len(whole), "low")

    def parts(self, calls: Sequence[Record]) -> Floats:
        """All values of some calls."""
        return np.array([value for call in calls for value in self.values(call)], float)

    def shift(self, old: Sequence[Record], new: Sequence[Record]) -> float:
        """How much some calls move the figure."""
        return self.value(new) - self.value(old)

    def _of(self, values: Floats) -> float:
        return float(values.mean() if self.q is None else np.percentile(values, self.q))


def wilson(counted: float, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share."""
    share, z2 = counted / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def poisson(counted: float, of: int) -> tuple[float, float]:
    """The exact 95% interval of a rate (Garwood 1936); of none in n up to 3.7 / n."""
    low = float(gammaincinv(counted, 0.025)) if counted else 0.0
    return low / of, float(gammaincinv(counted + 1, 0.975)) / of


def measured(calls: Sequence[Record]) -> list[Metric]:
    """All metrics that these calls have anything to say on."""
    return [metric for each in METRICS if (metric := each.measure(calls)) is not None]


def groups(calls: Iterable[Record]) -> dict[str, list[Record]]:
    """The calls by "condition NAME", "channel NAME" and "tag NAME", where there are several."""
    found: dict[str, list[Record]] = {}
    for call in calls:
        names = [f"condition {call['condition']}", f"channel {call['wire']}"]
        for name in names + [f"tag {tag}" for tag in call["tags"]]:
            found.setdefault(name, []).append(call)
    return dict(sorted(found.items()))


def difference(
    metric: Rate | Quantile, before: Sequence[Record], after: Sequence[Record]
) -> tuple[float, float] | None:
    """How a metric has changed over the same calls: after minus before, and the chance of a change
    as great where there is none.

    Fisher's permutation test: of each scenario the two runs, with all its calls, are swapped or
    not. Of one trial a scenario it is McNemar's exact test. Five that changed are never sure.
    """
    known = {call["name"]: call for call in before}
    pairs = [(known[call["name"]], call) for call in after if call["name"] in known]
    pairs = [pair for pair in pairs if not any(np.isnan(metric.value([call])) for call in pair)]
    if not pairs:
        return None
    scenarios: dict[str, list[tuple[Record, Record]]] = {}
    for pair in pairs:
        scenarios.setdefault(pair[1]["path"], []).append(pair)
    shifts = np.array([metric.shift(*zip(*mine, strict=True)) for mine in scenarios.values()])
    old, new = zip(*pairs, strict=True)
    by = metric.value(new) - metric.value(old)
    return by, _chance(shifts[shifts != 0]) if by * shifts.sum() > 0 else 1.0


def corrected(chances: Sequence[float]) -> list[float]:
    """Chances of several changes that are looked at together (Holm 1979)."""
    order = np.argsort(chances)
    steps = np.array(chances)[order] * np.arange(len(chances), 0, -1)
    found = np.empty(len(chances))
    found[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return [float(chance) for chance in found]


def _chance(shifts: Floats) -> float:
    """Of a sum as far from zero where each sign is tossed: all ways for few, some for many."""
    if len(shifts) <= ALL_WAYS:
        tossed = (np.arange(2 ** len(shifts))[:, None] >> np.arange(len(shifts))) & 1
    else:
        tossed = np.random.default_rng(SEED).integers(0, 2, (TOSSES, len(shifts)))
        tossed[0] = 0  # as it was
    sums = (1 - 2 * tossed) @ shifts
    return float(np.mean(np.abs(sums) >= abs(shifts.sum()) * (1 - 1e-9)))


def _interval(of: Callable[[npt.NDArray[np.intp]], float], n: int) -> tuple[float, float]:
    random = np.random.default_rng(SEED)
    drawn = [of(random.integers(0, n, n)) for _ in range(DRAWS)]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def _wider(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), max(one[1], other[1])


def _of_ranks(values: Floats, q: float) -> tuple[float, float]:
    """The interval of a quantile of independent values, none of them below zero: between two of
    them, and open where there are too few of them for that."""
    n, half = len(values), Z * np.sqrt(len(values) * q * (1 - q))
    ordered = np.concatenate(([0.0], np.sort(values), [np.inf]))
    low, high = ordered[[max(0, int(n * q - half)), min(n + 1, int(np.ceil(n * q + half)))]]
    return float(low), float(high)


def _ratio(counted: Floats, of: Floats) -> float:
    return float(counted.sum() / of.sum()) if of.sum() else float("nan")


def _scored(name: str) -> Callable[[Record], float]:
    return lambda call: float(sum(t.get("score", {}).get(name, 0) for t in call["turns"]))


def _false_ends(call: Record) -> float:
    return float(sum(min(1, t.get("score", {}).get("false_ends", 0)) for t in call["turns"]))


def _one(_: Record) -> float:
    return 1.0


def _succeeded(call: Record) -> float:
    return float(not any(mismatch["turn"] is None for mismatch in call["mismatches"]))


def _contained(call: Record) -> float:
    return float(call["ended"] not in BROKEN_ENDS | {"transfer"})


def _latencies(name: str) -> Callable[[Record], list[float]]:
    return lambda call: [turn[name] for turn in call["turns"] if turn.get(name) is not None]


def _turns(call: Record) -> list[float]:
    return [len(call["turns"]) - 1] if call["turns"] and _succeeded(call) else []


def _at_once(call: Record) -> float:
    return _succeeded(call) * (not _scored("again")(call))


METRICS: tuple[Rate | Quantile, ...] = (
    Rate("passed", lambda call: float(call["passed"]), _one, "high"),
    Rate("task success", _succeeded, _one, "high"),
    Rate("task success, nothing said again", _at_once, _one, "high"),
    Rate("said again", _scored("again"), _scored("speeches"), "low"),
    Rate("read back wrongly", _scored("read_backs_wrong"), _scored("read_backs"), "low"),
    Rate("read back another thing", _scored("read_backs_other"), _scored("read_backs"), "low"),
    Rate("hand-over rate", lambda call: float(call["ended"] == "transfer"), _one, "low"),
    Rate("containment", _contained, _one, "high"),
    Quantile("turns to completion", _turns, None, unit=""),
    Rate("intent accuracy", _scored("intents_right"), _scored("intents"), "high"),
    Rate("entity exactness", _scored("entities_right"), _scored("entities"), "high"),
    Rate("word error", _scored("word_errors"), _scored("words"), "low", trials=False),
    Rate("digit error", _scored("digit_errors"), _scored("digits"), "low", trials=False),
    Rate("digit strings wrong", _scored("digit_strings_wrong"), _scored("digit_strings"), "low"),
    Rate("response rate", _scored("answered"), _scored("asked"), "high"),
    Quantile("response latency p50", _latencies("response_latency_ms"), 50),
    Quantile("response latency p95", _latencies("response_latency_ms"), 95),
    Quantile("response latency p99", _latencies("response_latency_ms"), 99),
    Rate("agent interrupts user", _scored("cut_in"), _scored("speeches"), "low"),
    Rate("false ends of turn", _false_ends, _scored("speeches"), "low"),
    Rate("yield rate", _scored("overlaps_right"), _scored("overlaps"), "high"),
    Quantile("yield latency p50", _latencies("yield_ms"), 50),
    Quantile("yield latency p95", _latencies("yield_ms"), 95),
    Rate("selectivity", _scored("backchannels_right"), _scored("backchannels"), "high"),
    Rate(
        "words heard in silence",
        _scored("words_in_silence"),
        _scored("silences"),
        "low",
        unit="",
        trials=False,
    ),
)
