"""A call turn by turn, for people: heard, understood, decided, why, done, said, and what the caller
heard of it. Made from a call's record, or from a conversation in text as it goes on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dialog.decision import Way
from dialog.turns import Response
from nlu.understanding import Understanding
from server.errors import ServerError

MISSING = "the record does not hold it: it was made by an older server"


@dataclass(slots=True)
class Told:
    """One turn of a call.

    Attributes:
        n: From 1; 0 is the greeting.
        heard: The words, secrets masked; None where nothing was said.
        confidence: The recogniser's, 0 to 1.
        understood: Intents with scores, and values, as they are shown.
        decided: Name of what was done, told or asked.
        why: The reason.
        steps: Of the flows that it came through.
        did: What was done at the bank, and what became of it.
        said: The sentences of the answer.
        cut_off: What was heard of the sentence that the caller spoke over; None where they heard
            all of it.
        parts: Milliseconds by name, from the end of the caller's speech to the first sound.
    """

    n: int
    heard: str | None = None
    confidence: float | None = None
    understood: list[str] = field(default_factory=list)
    decided: str = ""
    why: str = ""
    steps: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    cut_off: str | None = None
    parts: dict[str, float] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """One object for a JSON line."""
        return {"type": "turn", **asdict(self)}

    def lines(self) -> list[tuple[str, str]]:
        """What to show: each a word and what there is of it."""
        sure = "" if self.confidence in (None, 1.0) else f"  ({self.confidence:.2f})"
        shown = [
            ("heard", f"{self.heard or '(no words)'}{sure}" if self.heard is not None else ""),
            ("understood", "; ".join(self.understood)),
            ("decided", self.decided),
            ("why", self.why),
            ("steps", " > ".join(self.steps)),
            ("done", "; ".join(self.did)),
            ("said", " ".join(self.said)),
            ("caller heard", self._audible()),
            ("latency", " + ".join(f"{name} {ms:.0f} ms" for name, ms in self.parts.items())),
        ]
        return [(word, text) for word, text in shown if text]

    def _audible(self) -> str:
        if self.cut_off is None:
            return ""
        return f"cut off after {self.cut_off!r}" if self.cut_off else "nothing of it: spoken over"


def from_response(n: int, response: Response) -> Told:
    """A turn of a conversation in text."""
    return Told(
        n=n,
        heard=response.heard if n else None,
        understood=_meaning(response.understanding),
        decided=response.action,
        why=response.reason,
        steps=[shown(way) for way in response.path],
        did=list(response.did),
        said=list(response.say),
    )


def decided_event(turn: int, response: Response) -> dict[str, Any]:
    """What a call's record holds of a decision, and no client is sent."""
    return {
        "type": "decided",
        "turn": turn,
        "action": response.action,
        "reason": response.reason,
        "understood": _meaning(response.understanding),
        "steps": [shown(way) for way in response.path],
        "did": list(response.did),
    }


def from_record(path: Path) -> list[Told]:
    """The turns of a recorded call.

    Raises:
        ServerError: The file cannot be read or is no record.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        return list(_turns(events))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServerError(f"{path}: not the record of a call: {error}") from error


def _turns(events: Iterable[Mapping[str, Any]]) -> Iterator[Told]:
    """Events that belong together; an answer to a silence has the turn of what was said before."""
    told: Told | None = None
    for event in events:
        kind = event["type"]
        if kind in ("heard", "decided") and (told is None or _is_over(told, event)):
            if told is not None:
                yield told
            told = Told(event["turn"])
        if told is not None:
            _add(told, event)
    if told is not None:
        yield told


def _is_over(told: Told, event: Mapping[str, Any]) -> bool:
    """Whether an event begins another answer than the one that is being collected."""
    return bool(told.said or told.decided) or told.n != event["turn"]


def _add(told: Told, event: Mapping[str, Any]) -> None:
    match event["type"]:
        case "heard":
            told.heard, told.confidence = event["text"], event["confidence"]
        case "decided":
            told.decided, told.why = event["action"], event["reason"]
            told.understood, told.steps = event["understood"], event["steps"]
            told.did = event["did"]
        case "said" if event.get("interrupted"):
            told.cut_off = event["text"]
        case "said":
            told.said.append(event["text"])
        case "listening":
            told.parts = event.get("parts", {})
            told.decided = told.decided or event["action"]
            told.why = told.why or event.get("reason", MISSING)


def shown(way: Way) -> str:
    """A step as people name it: flow, number from 1, and what led away from it."""
    return f"{way.flow} {way.at + 1}" + (f" by {way.by}" if way.by else "")


def _meaning(understanding: Understanding | None) -> list[str]:
    if understanding is None:
        return []
    intents = [f"{i.name} {i.score:.2f}" for i in understanding.intents[:3]] or ["no known intent"]
    values = [f"{e.type} {e.value} ({e.text!r})" for e in understanding.entities]
    return [*intents, *values]
