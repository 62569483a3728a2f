"""What is wrong with flows that can be read: steps and replies that nothing leads to, and what no
scenario has tried."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from dialog.decision import Way
from dialog.flow import AnyStep, Call, Choose, Collect, Confirm, Finish, Flow, Go, Say
from dialog.flow_ways import branches, reachable
from dialog.lines import ASIDES, SAID_BY_CODE
from dialog.script import Script
from dialog.strict_yaml import lines_of, lines_of_keys

ENDS = frozenset({"done", "cancelled", "transfer", "ask_person", "goodbye", "open"})
"""Ends that mean the same in every flow."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an editor should look at: file, line, what is wrong and the cure."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def lint(root: Path, language: str, script: Script) -> list[Finding]:
    """Steps that cannot be come to, labels and replies that nothing uses, results that never come.

    Args:
        root: Folder of the files.
        language: ISO 639-1 code.
        script: What was read from them.
    """
    found = [f for flow in script.flows.values() for f in _flow(root, flow, script)]
    return [*found, *_replies(root / "replies" / language, script)]


def untested(root: Path, script: Script, seen: Collection[Way]) -> list[Finding]:
    """The steps and branches that can be come to and were not.

    Args:
        root: Folder of the files.
        script: The flows.
        seen: The ways that calls have gone.
    """
    return [
        Finding(_file(root, flow), line, f"{_named(flow, way)}: no scenario comes this way")
        for flow in script.flows.values()
        for way, line in _ways(root, flow)
        if way not in seen
    ]


def count_ways(root: Path, script: Script) -> int:
    """How many steps and branches can be come to."""
    return sum(1 for flow in script.flows.values() for _ in _ways(root, flow))


def _ways(root: Path, flow: Flow) -> Iterator[tuple[Way, int]]:
    lines = lines_of(_file(root, flow), "steps")
    for at in sorted(reachable(flow)):
        for by in ("", *branches(flow.steps[at])):
            yield Way(flow.flow, at, by), lines[at]


def _flow(root: Path, flow: Flow, script: Script) -> Iterator[Finding]:
    path = _file(root, flow)
    lines = lines_of(path, "steps")
    can_be = reachable(flow)
    for at, step in enumerate(flow.steps):
        if at not in can_be:
            cure = "let a step lead to it or remove it"
            yield Finding(path, lines[at], f"{name_of(step)} is never come to: {cure}")
    used = {label for step in flow.steps for label in _labels(step)}
    for at, step in enumerate(flow.steps):
        if step.id is not None and step.id not in used:
            yield Finding(path, lines[at], f"nothing goes to {step.id}: remove the id")
        if isinstance(step, Call):
            for result in sorted(step.results.keys() - _ends(script.flows[step.call])):
                cure = "remove it from results"
                yield Finding(path, lines[at], f"{step.call} never ends with {result}: {cure}")


def _labels(step: AnyStep) -> Iterator[str]:
    yield from branches(step).values()
    if isinstance(step, Go):
        yield step.go


def _ends(flow: Flow) -> frozenset[str]:
    return ENDS | {step.end for step in flow.steps if isinstance(step, Finish)}


def _replies(folder: Path, script: Script) -> Iterator[Finding]:
    used = set(SAID_BY_CODE)
    for flow in script.flows.values():
        used |= {flow.back, flow.cancelled, flow.stays, f"help_{flow.flow}"}
        for step in flow.steps:
            used |= set(_said(step))
    for key in sorted(script.replies.replies.keys() - used):
        for path in sorted(folder.glob("*.yaml")):
            if line := lines_of_keys(path).get(key):
                cure = "let a step say it or remove it"
                yield Finding(path, line, f"nothing says {key}: {cure}")


def _said(step: AnyStep) -> Iterator[str]:
    match step:
        case Say():
            yield step.say
        case Collect(ask=asked) | Choose(ask=asked) | Confirm(confirm=asked):
            yield asked
            yield from (f"{asked}_{aside}" for aside in ASIDES)
    if isinstance(step, Collect | Choose) and step.unmatched:
        yield step.unmatched


def _named(flow: Flow, way: Way) -> str:
    name = name_of(flow.steps[way.at])
    return f"{name} by {way.by}" if way.by else name


def name_of(step: AnyStep) -> str:
    """A step in two words: its kind and what it is about."""
    match step:
        case Finish():
            return f"end {step.end}"
        case _:
            values = step.model_dump(exclude={"id", "when", "unless"})
            kind, about = next(iter(values.items()))
            return f"{kind} {', '.join(about) if isinstance(about, tuple | list) else about}"


def _file(root: Path, flow: Flow) -> Path:
    return root / "flows" / f"{flow.flow}.yaml"
