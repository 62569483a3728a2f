"""A verdict at a glance: what broke, since when, for whom and why, each in a line or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.replay.causes import counted
from server.replay.gates import failing, listed
from server.replay.metrics import groups
from server.replay.verdict import Verdict

MOST = 4
"""Lines to each question."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Answers for the top of a report; each has at least one line."""

    what: Sequence[str]
    since: Sequence[str]
    whom: Sequence[str]
    why: Sequence[str]


def glance(verdict: Verdict) -> Glance:
    """The answers to the four questions of who opens a report that failed."""
    return Glance(_what(verdict), _since(verdict), _whom(verdict), _why(verdict))


def _what(verdict: Verdict) -> list[str]:
    old = [name for name in failing(verdict.calls) if name not in verdict.regressions]
    lines = [f"regression: {name}" for name in verdict.regressions]
    lines += [f"failed: {name}" for name in old]
    lines += [f"flaky: {name}" for name in verdict.flaky]
    lines += [f"gone since the baseline: {listed(verdict.gone)}"] if verdict.gone else []
    lines += [f"gate: {gate.name}" for gate in verdict.gates if gate.broken]
    return _short(lines) or ["nothing"]


def _since(verdict: Verdict) -> list[str]:
    """What differs from the baseline's code, models, words, scenarios and options."""
    before = verdict.baseline_versions
    if not before:
        return ["no baseline: name one with --baseline"]
    both = [name for name in verdict.versions if name in before]
    changed = [name for name in both if before[name] != verdict.versions[name]]
    same = [name for name in both if name not in changed]
    untold = [name for name in verdict.versions if name not in before]
    commit = f"commit {before.get('commit')}, the baseline"
    if not changed and not untold:
        return [commit, "the same code, models, words and calls: chance, or the machine"]
    lines = {"changed": changed, "the same": same, "not told by the baseline": untold}
    return [commit, *(f"{how}: {', '.join(names)}" for how, names in lines.items() if names)]


def _whom(verdict: Verdict) -> list[str]:
    """Groups of calls in which more fail than in all, the most affected first."""
    calls = verdict.asked
    share = sum(not call["passed"] for call in calls) / max(1, len(calls))
    found = []
    for name, mine in groups(calls).items():
        failed = sum(not call["passed"] for call in mine)
        if failed and len(mine) < len(calls) and failed / len(mine) > share:
            found.append((-failed / len(mine), -failed, f"{name}: {failed} of {len(mine)}"))
    return _short([line for _, _, line in sorted(found)]) or ["all alike"]


def _why(verdict: Verdict) -> list[str]:
    causes = [f"{cause}: {n}" for cause, n in counted(verdict.asked).items()]
    worse = [each for each in verdict.changes if each.surely and each.worse]
    moved = [
        f"surely worse: {each.metric.name} ({each.metric.shown(each.before)} to "
        f"{each.metric.shown()})"
        for each in worse
    ]
    return _short(causes + moved) or ["no call failed; see the broken gates"]


def _short(lines: list[str]) -> list[str]:
    shown = MOST - 1
    return lines if len(lines) <= MOST else [*lines[:shown], f"and {len(lines) - shown} more"]
