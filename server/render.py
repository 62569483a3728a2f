"""A conversation as JSON lines for programs and as text for people, printed as it happens."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape

from dialog.turns import Response
from server.client.connection import Message
from server.client.turns import TurnRecord
from server.recording import TurnSpan

Turn = dict[str, Any]
"""One turn as `turn_json` makes it."""


def turn_json(
    *,
    n: int,
    heard: str | None,
    language: str | None,
    intents: Sequence[Mapping[str, Any]] | None,
    entities: Sequence[Mapping[str, Any]] | None,
    said: str,
    action: str | None,
    response_latency_ms: float | None = None,
    parts: Mapping[str, float] | None = None,
    reason: str | None = None,
    yield_ms: float | None = None,
    cut_in: bool = False,
    cleared: bool = False,
    flows: Sequence[str] = (),
    span: tuple[float, float, float | None] | None = None,
) -> Turn:
    """One caller turn and its answer, the same object for voice, text and replay.

    Args:
        n: From 1; 0 is the greeting.
        heard: What was understood, secrets masked; None where nothing was said.
        language: ISO 639-1 code.
        intents: `{name, score}`, best first; None where they were not granted.
        entities: `{type, value, text}`; None likewise.
        said: The answer, secrets masked.
        action: What was done or asked.
        response_latency_ms: At the ear; None for text.
        parts: Milliseconds by name that add up to the latency.
        reason: Why it was done; None where it was not granted.
        yield_ms: Of speech over an answer: until the assistant was silent.
        cut_in: The answer sounded before the caller had finished.
        cleared: The assistant stopped what it was saying.
        flows: That the answer came through.
        span: Seconds of the recording: the caller began, ended, the answer was due to play.
    """
    return {
        "type": "turn",
        "n": n,
        "heard": heard,
        "language": language,
        "intents": None if intents is None else [dict(intent) for intent in intents],
        "entities": None if entities is None else [dict(entity) for entity in entities],
        "said": said,
        "action": action,
        "response_latency_ms": response_latency_ms,
        "parts": dict(parts or {}),
        "reason": reason,
        "yield_ms": yield_ms,
        "cut_in": cut_in,
        "cleared": cleared,
        "flows": list(flows),
        "span": span,
    }


def spoken_turn(record: TurnRecord, sample_rate: int | None = None) -> Turn:
    """A turn of a voice call; where it lies in the recording, with the recording's rate."""
    return turn_json(
        n=record.n,
        heard=record.heard,
        language=record.language or None,
        intents=record.intents,
        entities=record.entities,
        said=" ".join(record.said),
        action=record.action,
        response_latency_ms=record.response_latency_ms,
        parts=record.parts,
        reason=record.reason,
        yield_ms=record.yield_ms,
        cut_in=record.cut_in,
        cleared=record.cleared,
        flows=record.flows,
        span=None if sample_rate is None else _seconds(record.span, sample_rate),
    )


def _seconds(span: TurnSpan, rate: int) -> tuple[float, float, float | None]:
    answer = None if span.answer_from is None else round(span.answer_from / rate, 3)
    return round(span.began / rate, 3), round(span.until / rate, 3), answer


def typed_turn(n: int, response: Response, language: str = "en") -> Turn:
    """A turn of a text conversation."""
    meant = response.understanding
    return turn_json(
        n=n,
        heard=response.heard if n else None,
        language=language,
        intents=[{"name": i.name, "score": round(i.score, 3)} for i in meant.intents]
        if meant
        else [],
        entities=[{"type": e.type, "value": str(e.value), "text": e.text} for e in meant.entities]
        if meant
        else [],
        said=" ".join(response.say),
        action=response.action,
        reason=response.reason,
        flows=list(dict.fromkeys(way.flow for way in response.path)),
    )


def latency_percentiles(turns: Sequence[Turn]) -> dict[str, float | None]:
    """p50 and p95 of the response latencies in ms; None where no turn has one."""
    felt = [ms for turn in turns if (ms := turn["response_latency_ms"]) is not None]
    if not felt:
        return {"p50": None, "p95": None}
    return {f"p{q}": round(float(np.percentile(felt, q)), 1) for q in (50, 95)}


def summary_json(
    turns: Sequence[Turn], ended: str, *, call: str | None = None, recording: Path | None = None
) -> dict[str, Any]:
    """The last line of a conversation: how many caller turns, how it ended, how fast it was."""
    return {
        "type": "summary",
        "turns": sum(turn["n"] > 0 for turn in turns),
        "ended": ended,
        "response_latency": latency_percentiles(turns),
        "recording": None if recording is None else str(recording),
        "call": call,
    }


def json_line(value: Mapping[str, Any]) -> str:
    """One object as one line."""
    return json.dumps(value, ensure_ascii=False)


class CallView:
    """Prints a call for people, as it happens.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def event(self, message: Message) -> None:
        """A message has come: what was heard and said is shown at once."""
        match message["type"]:
            case "heard":
                self._print("caller", message.get("text") or "(no words)", "bold cyan")
                self._meaning(message.get("intents"), message.get("entities"))
            case "said" if not message.get("interrupted"):
                self._print("assistant", str(message.get("text")), "bold green")
            case "clear":
                self._note("the caller speaks over the answer: it stops")
            case "transfer":
                self._note(f"handed over to {message.get('to')}: {message.get('summary')}")
            case "error":
                self._print("error", f"{message.get('code')}: {message.get('message')}", "bold red")
            case "hangup":
                self._note(f"the assistant hangs up ({message.get('reason')})")

    def turn(self, turn: Turn) -> None:
        """A turn is over: what was done, and how long the caller waited for the answer."""
        if turn["action"]:
            self._note(f"action {turn['action']}")
        latency = turn["response_latency_ms"]
        if latency is not None:
            parts = " + ".join(f"{name} {ms:.0f}" for name, ms in turn["parts"].items())
            self._note(f"response latency {latency:.0f} ms" + (f" = {parts}" if parts else ""))

    def typed(self, turn: Turn) -> None:
        """A turn of a text conversation, whole."""
        if turn["heard"]:
            self._meaning(turn["intents"], turn["entities"])
        self._print("assistant", turn["said"], "bold green")
        self.turn(turn)

    def summary(self, summary: Mapping[str, Any]) -> None:
        """The call is over."""
        felt = summary["response_latency"]
        self._console.rule(style="dim")
        self._console.print(f"{summary['turns']} turns, ended: {summary['ended']}")
        if felt["p50"] is not None:
            self._console.print(
                f"response latency p50 {felt['p50']:.0f} ms, p95 {felt['p95']:.0f} ms"
            )
        if summary["recording"]:
            self._console.print(f"recording: {escape(summary['recording'])}", soft_wrap=True)

    def _meaning(
        self,
        intents: Sequence[Mapping[str, Any]] | None,
        entities: Sequence[Mapping[str, Any]] | None,
    ) -> None:
        if intents:
            self._note(", ".join(f"{i['name']} {i['score']:.2f}" for i in intents[:2]))
        elif intents is not None:
            self._note("no known intent")
        for entity in entities or ():
            self._note(f"{entity['type']} = {entity['value']} ({entity['text']!r})")

    def _print(self, who: str, text: str, style: str) -> None:
        self._console.print(f"[{style}]{who:>9}[/]  {escape(text)}")

    def _note(self, text: str) -> None:
        self._console.print(f"{'':>9}  [dim]{escape(text)}[/]", highlight=False)
