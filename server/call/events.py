"""The events that tell a client what was heard and decided; secrets are masked in all of them."""

from typing import Any

from dialog.turns import Response
from server.call.laps import Laps
from voice.transcript import Transcript

Event = dict[str, Any]
"""One JSON message to the client."""


def heard_event(
    turn: int, response: Response, transcript: Transcript | None, diagnostics: bool
) -> Event:
    """What was understood of a turn; without a transcript it was keyed.

    secret is told where the answer asks for a PIN, a code or a number: who records mutes the caller
    from then on, whatever is heard.
    """
    event: Event = {
        "type": "heard",
        "turn": turn,
        "text": response.heard,
        "confidence": round(transcript.confidence, 3) if transcript else 1.0,
        "language": transcript.language if transcript else "",
        "action": response.action,
    }
    if response.expectation.secret:
        event["secret"] = True
    understanding = response.understanding
    if diagnostics and understanding is not None:
        event["intents"] = [
            {"name": i.name, "score": round(i.score, 3)} for i in understanding.intents
        ]
        event["entities"] = [
            {"type": e.type, "value": str(e.value), "text": e.text} for e in understanding.entities
        ]
    return event


def said_event(turn: int, text: str, *, interrupted: bool = False) -> Event:
    """A sentence that is about to sound, or what was heard of the one that was cut off."""
    event: Event = {"type": "said", "turn": turn, "text": text}
    return {**event, "interrupted": True} if interrupted else event


def listening_event(
    turn: int,
    response: Response,
    laps: Laps | None,
    wire: dict[str, float],
    diagnostics: bool,
) -> Event:
    """All of an answer is sent.

    Args:
        turn: The caller's turn that it answers; 0 for the greeting.
        response: What was answered.
        laps: From the end of the caller's voice to the first audio; None without either.
        wire: Seconds by name that the wire adds to them, where we know.
        diagnostics: Whether the client may know why.
    """
    event: Event = {"type": "listening", "turn": turn, "action": response.action}
    if diagnostics:
        event["reason"] = response.reason
        event["expects"] = response.expectation.kind
        event["flows"] = list(dict.fromkeys(way.flow for way in response.path))
        parts = {**laps.parts, **wire} if laps else {}
        event["parts"] = {name: round(1000 * seconds, 1) for name, seconds in parts.items()}
        if laps:
            event["clock"] = [round(laps.began, 4), round(laps.ended, 4)]
    return event
