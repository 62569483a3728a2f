"""What a replay must reach: `--gate gates.yml`."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from dialog.strict_yaml import Strict, lines_of
from server.replay.metrics import METRICS, SURE, Record, difference, groups
from server.replay.reading import ScenarioError, read


class Gate(Strict):
    """One bound on a metric.

    Attributes:
        metric: As `server.replay.metrics` names it.
        of: A group of calls, "tag transfer" or "condition street"; None takes all.
        at_least, at_most: Bounds of the figure itself; of a share, such that it can break them.
        worse_by: How much worse than the baseline it may be; only a significant change counts.
    """

    metric: str
    of: str | None = None
    at_least: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    at_most: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    worse_by: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_a_bound(self) -> Self:
        names = [metric.name for metric in METRICS]
        if self.metric not in names:
            raise ValueError(f"{self.metric!r} is no metric; there are: {', '.join(names)}")
        if self.at_least is None and self.at_most is None and self.worse_by is None:
            raise ValueError("a gate needs at_least, at_most or worse_by")
        is_share = METRICS[names.index(self.metric)].unit == "share"
        if is_share and (
            (self.at_least or 0) > 1 or max(self.at_most or 0, self.worse_by or 0) >= 1
        ):
            raise ValueError("no share is above 1, so that tells nothing: write 95% as 0.95")
        return self


class Gates(Strict):
    """All bounds.

    Attributes:
        gates: On metrics.
        failures: Calls that may fail, see `failing`; None does not look.
        regressions: Calls that may fail although they passed in the baseline.
        gone: Calls of the baseline that may be missing.
        flaky: Scenarios that may pass once and fail once.
    """

    gates: tuple[Gate, ...] = ()
    failures: int | None = Field(default=None, ge=0)
    regressions: int | None = Field(default=None, ge=0)
    gone: int | None = Field(default=None, ge=0)
    flaky: int | None = Field(default=None, ge=0)

    def can_break(self, *, compared: bool, repeated: bool) -> bool:
        """Whether anything is bounded in a replay with a baseline, or with calls made again."""
        bounds = [self.failures, self.flaky if repeated else None]
        bounds += [self.regressions, self.gone] if compared else []
        of_metrics = ("at_least", "at_most", *(["worse_by"] if compared else []))
        figures = [getattr(gate, name) for gate in self.gates for name in of_metrics]
        return any(bound is not None for bound in (*bounds, *figures))


BY_TEXT = frozenset(
    {
        "passed",
        "task success",
        "task success, nothing said again",
        "hand-over rate",
        "containment",
        "turns to completion",
        "intent accuracy",
        "entity exactness",
    }
)
"""Metrics that are measured without sound."""

NO_BASELINE = "no --baseline"
MEASURED = "to be measured"
STRICT = Gates(failures=0)
"""Where no file is given: every call must pass."""


@dataclass(frozen=True, slots=True)
class Held:
    """One gate and whether it held.

    Attributes:
        name: What is bounded.
        held: Whether it holds; None where it could not be looked at.
        bound, got: In words.
    """

    name: str
    held: bool | None
    bound: str
    got: str

    @property
    def broken(self) -> bool:
        """Whether it was looked at and does not hold."""
        return self.held is False

    @property
    def word(self) -> str:
        """For people."""
        return {True: "held", False: "broken", None: "not looked at"}[self.held]

    def json(self) -> dict[str, Any]:
        """For a file."""
        return {"gate": self.name, "held": self.held, "bound": self.bound, "got": self.got}

    def __str__(self) -> str:
        word = self.word.upper() if self.broken else self.word
        return f"gate {word:6} {self.name}: {self.bound}, got {self.got}"


def load_gates(path: Path) -> Gates:
    """Read a gates file (YAML).

    Raises:
        ScenarioError: It is missing, is not YAML, breaks the schema or has no gate; file, line
            and cure.
    """
    gates = read(path, Gates, lambda tree: tree or {})
    if gates == Gates():
        raise ScenarioError(f"{path}: nothing can break it: give failures, regressions or gates")
    return gates


def require_measurable(
    path: Path,
    gates: Gates,
    *,
    known: Collection[str],
    parts: Collection[str],
    by_text: bool,
    compared: bool,
    repeated: bool,
) -> None:
    """Refuse before the first call gates of which none could break, and a group that is none.

    Args:
        path: The gates' file.
        gates: What was read from it.
        known: The groups that calls of these paths could be in.
        parts: The groups that the calls will be in.
        by_text: Whether there is no sound.
        compared, repeated: See `Gates.can_break`.

    Raises:
        ScenarioError: File, line and cure.
    """
    if not gates.can_break(compared=compared, repeated=repeated):
        raise ScenarioError(f"{path}: no gate can break without --baseline, --repeat or --confirm")
    why, mine = "", []
    for n, gate in enumerate(gates.gates):
        place = f"{path}:{lines_of(path, 'gates')[n]}: gates.{n}"
        if gate.of is not None and gate.of not in known:
            there = ", ".join(sorted(known))
            raise ScenarioError(f"{place}.of: there is no {gate.of!r}; there are: {there}")
        if cannot := unmeasurable(gate, parts, by_text=by_text):
            why = why or f"{place}: {gate.metric}: {cannot}"
        else:
            mine.append(gate)
    here = gates.model_copy(update={"gates": tuple(mine)})
    if not here.can_break(compared=compared, repeated=repeated):
        raise ScenarioError(f"{why}, so no gate can break: take other calls, or add a gate")


def unmeasurable(gate: Gate, parts: Collection[str], *, by_text: bool) -> str:
    """Why no call of some groups, with or without sound, could tell anything on a gate; else ""."""
    if gate.of is not None and gate.of not in parts:
        return f"no call in {gate.of}"
    return "none by text" if by_text and gate.metric not in BY_TEXT else ""


def failing(calls: Sequence[Record]) -> list[str]:
    """Names of calls of which a repetition fails, and of what confirms that one not most pass."""
    votes = Counter[str]()
    for call in calls:
        votes[call.get("confirms") or call["name"]] += -1 if call["passed"] else 1
    failed = [call for call in unconfirmed(calls) if not call["passed"] and votes[call["name"]] > 0]
    return list(dict.fromkeys(map(first, failed)))


def regressed(calls: Sequence[Record], baseline: Sequence[Record]) -> list[str]:
    """Names of calls that fail now and did not in the baseline."""
    known, before = set(map(first, baseline)), failing(baseline)
    return [name for name in failing(calls) if name in known and name not in before]


def gone(calls: Sequence[Record], baseline: Sequence[Record]) -> list[str]:
    """Names of the baseline's calls that were not made."""
    made = set(map(first, calls))
    return [name for name in dict.fromkeys(map(first, baseline)) if name not in made]


def flaky(calls: Sequence[Record]) -> list[str]:
    """Names of calls that pass once and fail once under the same condition."""
    passed = {first(call) for call in calls if call["passed"]}
    failed = dict.fromkeys(first(call) for call in calls if not call["passed"])
    return [name for name in failed if name in passed]


def first(call: Record) -> str:
    """The name of the first repetition."""
    name: str = call["name"]
    repetition = call.get("repetition", 1)
    return name if repetition == 1 else name.removesuffix(f"@{repetition}")


def unconfirmed(calls: Sequence[Record]) -> list[Record]:
    """The calls that were asked for: without those that only confirm a failure."""
    return [call for call in calls if not call.get("confirms")]


def check(gates: Gates, calls: Sequence[Record], baseline: Sequence[Record]) -> list[Held]:
    """Every gate, held or not; an empty baseline is none."""
    unknown = "" if baseline else NO_BASELINE
    shared = set(map(first, calls)) & set(map(first, baseline))
    alone = "" if shared else unknown or "no call of the baseline"
    once = "" if any(call.get("repetition", 1) > 1 for call in calls) else "nothing made again"
    counts = (
        ("failures", gates.failures, failing(calls), ""),
        ("regressions", gates.regressions, regressed(calls, baseline), alone),
        ("gone", gates.gone, gone(calls, baseline), unknown),
        ("flaky", gates.flaky, flaky(calls), once),
    )
    held = [
        _count(name, bound, names, why) for name, bound, names, why in counts if bound is not None
    ]
    calls, baseline = unconfirmed(calls), unconfirmed(baseline)
    for gate in gates.gates:
        held += _metric(gate, calls, baseline)
    if all(each.held is None for each in held):  # nothing was looked at, so nothing has passed
        held = [replace(each, held=False) if each.bound == MEASURED else each for each in held]
    return held


def _count(name: str, bound: int, names: list[str], unknown: str) -> Held:
    if unknown:
        return Held(name, None, f"at most {bound}", unknown)
    return Held(name, len(names) <= bound, f"at most {bound}", listed(names))


def listed(names: Sequence[str]) -> str:
    """How many, and the first of them."""
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return f"{len(names)}: {shown}" if names else "0"


def _metric(gate: Gate, calls: Sequence[Record], baseline: Sequence[Record]) -> list[Held]:
    metric = next(each for each in METRICS if each.name == gate.metric)
    name = gate.metric + (f" of {gate.of}" if gate.of else "")
    parts = groups(calls)
    mine = calls if gate.of is None else parts.get(gate.of, [])
    by_text = all(call["wire"] == "text" for call in mine)
    if why := unmeasurable(gate, parts, by_text=by_text):
        return [Held(name, None, MEASURED, why)]
    got = metric.measure(mine)
    if got is None:  # of calls that are all as expected it is not asked; what failed may hide it
        unasked = all(call["passed"] for call in mine)
        why = "no call that it could be measured in"
        return [Held(name, None if unasked else False, MEASURED, why)]
    held = []
    if gate.at_least is not None:
        bound = f"at least {got.shown(gate.at_least)}"
        held.append(Held(name, got.value >= gate.at_least, bound, got.shown()))
    if gate.at_most is not None:
        bound = f"at most {got.shown(gate.at_most)}"
        held.append(Held(name, got.value <= gate.at_most, bound, got.shown()))
    if gate.worse_by is not None:
        bound = f"at most {got.shown(gate.worse_by)} worse than the baseline"
        changed = difference(metric, baseline, mine)
        if changed is None:
            return [
                *held,
                Held(name, None, bound, "no call to compare" if baseline else NO_BASELINE),
            ]
        worse, chance = (1 if metric.better == "low" else -1) * changed[0] + 0.0, changed[1]
        holds = worse <= gate.worse_by or chance >= SURE
        held.append(Held(name, holds, bound, f"{got.shown(worse)} worse, p {chance:.2g}"))
    return held
