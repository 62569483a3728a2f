"""The verdict on a replay: figures, gates, regressions and evidence, left in a folder.

```
DIR/report.html      everything for people, in one file
DIR/results.jsonl    one call a line; a later replay's --baseline
DIR/verdict.json     figures, gates, versions
DIR/junit.xml        for a build server
DIR/recordings/      stereo, caller left
```
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from server.errors import ServerError
from server.replay.causes import counted
from server.replay.coverage import Requirement, coverage
from server.replay.gates import Gates, Held, check, flaky, gone, listed, regressed, unconfirmed
from server.replay.metrics import (
    METRICS,
    SURE,
    Metric,
    Record,
    corrected,
    difference,
    groups,
    measured,
)
from server.replay.results import LATE

RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the baseline's; surely: chance alone seldom does it to any of all."""

    metric: Metric
    before: float
    by: float
    surely: bool
    worse: bool

    def json(self) -> dict[str, Any]:
        """For a file."""
        told = {"before": round(self.before, 5), "now": round(self.metric.value, 5)}
        return {"metric": self.metric.name, **told, "surely": self.surely, "worse": self.worse}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay says.

    Attributes:
        calls: All calls, as `Replayed.json()` makes them.
        figures: Of all calls.
        by_group: Of the calls of a tag, condition or channel.
        gates: Held or broken.
        regressions: Names of calls that passed in the baseline.
        gone: Names of the baseline's calls that were not made.
        flaky: Scenarios that pass once and fail once.
        changes: Figures against the baseline.
        coverage: What the scenarios show, and what none shows.
        versions: Of what was tested.
        baseline_versions: The same of the baseline; empty without one.
    """

    calls: tuple[Record, ...]
    figures: tuple[Metric, ...]
    by_group: Mapping[str, tuple[Metric, ...]]
    gates: tuple[Held, ...]
    regressions: tuple[str, ...]
    gone: tuple[str, ...]
    flaky: tuple[str, ...]
    changes: tuple[Change, ...]
    coverage: tuple[Requirement, ...]
    versions: Mapping[str, Any]
    baseline_versions: Mapping[str, Any]

    @property
    def asked(self) -> list[Record]:
        """The calls without those that only confirm a failure."""
        return unconfirmed(self.calls)

    @property
    def late(self) -> str:
        """In how many calls the machine was too busy for latencies; "" where in none."""
        late = [by for call in self.asked if (by := call.get("lateness", 0.0)) > LATE]
        if not late:
            return ""
        calls = f"{len(late)} of {len(self.asked)} calls"
        worst = f"{1000 * max(late):.0f} ms"
        return f"late: the caller in {calls}, by up to {worst}: do not trust the latencies"

    @property
    def passed(self) -> bool:
        """Whether no gate is broken."""
        return not any(gate.broken for gate in self.gates)

    def json(self) -> dict[str, Any]:
        """Without the calls, which have a file of their own."""
        return {
            "type": "verdict",
            "passed": self.passed,
            "calls": len(self.asked),
            "failed": [call["name"] for call in self.asked if not call["passed"]],
            "regressions": list(self.regressions),
            "gone": list(self.gone),
            "flaky": list(self.flaky),
            "causes": counted(self.asked),
            "late": self.late,
            "gates": [gate.json() for gate in self.gates],
            "figures": [metric.json() for metric in self.figures],
            "changes": [change.json() for change in self.changes],
            "groups": {n: [m.json() for m in ms] for n, ms in self.by_group.items()},
            "uncovered": [f"{r.kind} {r.name}" for r in self.coverage if not r.scenarios],
            "versions": dict(self.versions),
            "baseline_versions": dict(self.baseline_versions),
        }

    def lines(self) -> list[str]:
        """For people, at the end of a replay."""
        shown = [f"{m.name:24} {m.shown():>9}   {m.interval()}, n {m.n}" for m in self.figures]
        lost = [f"regression: {name}" for name in self.regressions]
        lost += [f"gone since the baseline: {listed(self.gone)}"] if self.gone else []
        unsteady = [f"flaky: {name}" for name in self.flaky]
        broke = [f"broke {n}: {cause}" for cause, n in counted(self.asked).items()]
        late = [self.late] if self.late else []
        return [*shown, *late, *lost, *unsteady, *broke, *map(str, self.gates)]


def give_verdict(
    calls: Sequence[Record],
    gates: Gates,
    versions: Mapping[str, Any],
    baseline: Path | None = None,
) -> Verdict:
    """Weigh the calls of a replay.

    Args:
        calls: As `Replayed.json()` makes them.
        gates: What must hold.
        versions: Of what was tested.
        baseline: The folder of an earlier report, or None.

    Raises:
        ServerError: The baseline cannot be read.
    """
    before, before_versions = read_baseline(baseline) if baseline else ([], {})
    counted_in = unconfirmed(calls)
    parts = groups(counted_in)
    return Verdict(
        calls=tuple(calls),
        figures=tuple(measured(counted_in)),
        by_group={name: tuple(measured(mine)) for name, mine in parts.items()},
        gates=tuple(check(gates, calls, before)),
        regressions=tuple(regressed(calls, before)),
        gone=tuple(gone(calls, before)),
        flaky=tuple(flaky(calls)),
        changes=tuple(_changes(unconfirmed(before), counted_in)),
        coverage=tuple(coverage(counted_in)),
        versions=versions,
        baseline_versions=before_versions,
    )


def read_baseline(
    folder: Path, made: Collection[str] | None = None
) -> tuple[list[Record], Mapping[str, Any]]:
    """The calls and versions of an earlier report.

    Args:
        folder: The report's.
        made: Names of calls of which one at least must be in it, to be compared.

    Raises:
        ServerError: It is not one, or has none of these calls.
    """
    try:
        lines = (folder / RESULTS).read_text(encoding="utf-8").split("\n")
        versions = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))["versions"]
        calls = [json.loads(line) for line in lines if line]
        names = {call["name"] for call in calls}
        if names.isdisjoint(names if made is None else made):
            raise ValueError("none of these calls is in it")
        return calls, versions
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"{folder} is no baseline ({error}); name the --report folder of an earlier replay"
        ) from error


def write_files(verdict: Verdict, folder: Path) -> None:
    """The files for programs: results, verdict and JUnit."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(call, ensure_ascii=False) + "\n" for call in verdict.calls]
    (folder / RESULTS).write_text("".join(lines), encoding="utf-8")
    told = json.dumps(verdict.json(), ensure_ascii=False, indent=1)
    (folder / "verdict.json").write_text(told + "\n", encoding="utf-8")
    _junit(verdict).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)


def _changes(before: Sequence[Record], after: Sequence[Record]) -> list[Change]:
    """Looked at together, so each must be surer than if it were alone."""
    found = []
    for each in METRICS if before else ():
        changed, now = difference(each, before, after), each.measure(after)
        if changed is not None and now is not None:
            found.append((each, now, *changed))
    chances = corrected([chance for *_, chance in found])
    return [
        Change(now, now.value - by, by, chance < SURE, by > 0 if each.better == "low" else by < 0)
        for (each, now, by, _), chance in zip(found, chances, strict=True)
    ]


def _junit(verdict: Verdict) -> "ElementTree.ElementTree[ElementTree.Element]":
    """Fails where the verdict does: in one that passes the calls that fail are allowed to."""
    failed = [call for call in verdict.asked if not call["passed"]]
    broken = [gate for gate in verdict.gates if gate.broken]
    root = ElementTree.Element(
        "testsuite",
        name="tellerline replay",
        tests=str(len(verdict.asked) + len(verdict.gates)),
        failures=str(0 if verdict.passed else len(failed) + len(broken)),
    )
    properties = ElementTree.SubElement(root, "properties")
    for name, value in verdict.versions.items():
        ElementTree.SubElement(properties, "property", name=name, value=str(value))
    for call in verdict.asked:
        words = "; ".join(map(mismatch_line, call["mismatches"]))
        fate = "skipped" if verdict.passed else "failure"
        _case(root, call["name"], call["path"], {fate: words}, call["seconds"])
    for gate in verdict.gates:
        words, fate = f"{gate.bound}, got {gate.got}", "failure" if gate.broken else "skipped"
        _case(root, gate.name, "gates", {} if gate.held else {fate: words})
    return ElementTree.ElementTree(root)


def _case(
    root: ElementTree.Element,
    name: str,
    group: str,
    fates: Mapping[str, str],
    seconds: float = 0.0,
) -> None:
    case = ElementTree.SubElement(
        root, "testcase", name=name, classname=group, time=f"{seconds:.3f}"
    )
    for fate, words in fates.items():
        if words:
            ElementTree.SubElement(case, fate, message=words).text = words


def mismatch_line(mismatch: Mapping[str, Any]) -> str:
    """One mismatch of a call's record for people."""
    where = "call" if mismatch["turn"] is None else f"turn {mismatch['turn']}"
    return f"{where}: {mismatch['what']}: expected {mismatch['expected']}, got {mismatch['got']}"
