"""The ways through a flow: where each step leads, and which steps nothing leads to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialog.flow import AnyStep, Call, Collect, Confirm, Do, Finish, Flow, Go, Say, Step

Assumed = Mapping[str, bool]
"""Conditions whose answer is known since the last step that could change it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a step to another.

    Attributes:
        at: Index of the step.
        to: Index of the next one; the number of steps where the flow ends.
        by: "" for going on; else "deny", a result or an intent, as in `dialog.decision.Way`.
    """

    at: int
    to: int
    by: str = ""


def edges(flow: Flow, at: int) -> Iterator[Edge]:
    """Where a step that is done leads."""
    step, end = flow.steps[at], len(flow.steps)
    match step:
        case Finish():
            yield Edge(at, end)
            return
        case Go():
            yield Edge(at, flow.label(step.go))
            return
    yield Edge(at, at + 1)
    yield from (Edge(at, flow.label(target), by) for by, target in branches(step).items())


def branches(step: AnyStep) -> dict[str, str]:
    """The labels that a step may lead to instead of the next one, by what leads there."""
    match step:
        case Collect():
            return step.instead
        case Confirm():
            return {"deny": step.deny}
        case Do() | Call():
            return step.results
    return {}


def skips(step: Step) -> bool:
    """Whether a step may be passed over."""
    return step.when is not None or step.unless is not None


def reachable(flow: Flow) -> frozenset[int]:
    """The steps that can be come to, each condition having one answer until something happens."""
    found: set[int] = set()
    seen: set[tuple[int, frozenset[tuple[str, bool]]]] = set()
    waiting: list[tuple[int, Assumed]] = [(0, {})]
    while waiting:
        at, assumed = waiting.pop()
        key = (at, frozenset(assumed.items()))
        if at >= len(flow.steps) or key in seen:
            continue
        seen.add(key)
        step = flow.steps[at]
        for runs, then in _answers(step, assumed):
            if not runs:
                waiting.append((at + 1, then))
                continue
            found.add(at)
            kept = then if isinstance(step, Go | Say) else {}
            waiting += [(edge.to, kept) for edge in edges(flow, at)]
    return frozenset(found)


def _answers(step: Step, assumed: Assumed) -> Iterator[tuple[bool, Assumed]]:
    """Whether a step runs, under every answer of its conditions that is still open."""
    wanted = {name: said for name, said in ((step.when, True), (step.unless, False)) if name}
    if all(assumed.get(name, said) == said for name, said in wanted.items()):
        yield True, {**assumed, **wanted}
    for name, said in wanted.items():
        if assumed.get(name, not said) != said:
            yield False, {**assumed, name: not said}
