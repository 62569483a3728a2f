"""Which scenarios cover what: flows, intents, rules and phenomena, and what nothing covers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialog.script import script
from server.replay.metrics import Record
from server.replay.rules import PHENOMENA, RULES


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that scenarios ought to show.

    Attributes:
        kind: "flow", "intent" (that starts a flow), "rule" or "phenomenon" (of
            `PHENOMENA`, a tag, or `covers`).
        name: Its name.
        scenarios: That come through it and passed.
        failed: That would but for a failure.
    """

    kind: str
    name: str
    scenarios: tuple[str, ...]
    failed: tuple[str, ...]


def coverage(calls: Sequence[Record], language: str = "en") -> list[Requirement]:
    """The traceability table; what nothing covers has no scenarios."""
    flows = script(language).flows
    intents = sorted({intent for flow in flows.values() for intent in flow.intents})
    tags = sorted({tag for call in calls for tag in _tags(call)})
    phenomena = {tag: f"^{re.escape(tag)}$" for tag in tags} | PHENOMENA
    return [
        *(_requirement("flow", name, [c for c in calls if name in _flows(c)]) for name in flows),
        *(
            _requirement("intent", name, [c for c in calls if name in _intents(c)])
            for name in intents
        ),
        *(
            _requirement(
                "rule", rule.name, [c for c in calls if any(map(rule.shown_by, c["turns"]))]
            )
            for rule in RULES
        ),
        *(
            _requirement(
                "phenomenon", name, [c for c in calls if any(re.search(tag, t) for t in _tags(c))]
            )
            for name, tag in phenomena.items()
        ),
    ]


def _requirement(kind: str, name: str, calls: Sequence[Record]) -> Requirement:
    passed = {call["scenario"] for call in calls if call["passed"]}
    failed = {call["scenario"] for call in calls} - passed
    return Requirement(kind, name, tuple(sorted(passed)), tuple(sorted(failed)))


def _tags(call: Record) -> list[str]:
    return [*call["tags"], *call.get("covers", ())]


def _flows(call: Record) -> set[str]:
    return {flow for turn in call["turns"] for flow in turn.get("flows", ())}


def _intents(call: Record) -> set[str]:
    best = [next(iter(turn["intents"] or ()), None) for turn in call["turns"]]
    return {intent["name"] for intent in best if intent is not None}
