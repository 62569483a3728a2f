"""Two requests in one breath: "block my card and what's my balance"."""

from collections.abc import Callable

from dialog.grounding import SWITCH
from dialog.script import Script
from nlu.understanding import Understanding


def split(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> tuple[Understanding, ...]:
    """The requests of an utterance in the order of speech; itself where there is only one.

    A text is cut only where every piece, read alone, is surely a request of its own, and no two
    are the same: "fifty dollars to Anna and Tom" stays whole.

    Args:
        understood: The whole utterance.
        script: Knows which intents are requests, and what stands between two.
        read: Reads a piece of the text.
    """
    pieces = [p for p in script.lexicon.clause_pattern.split(understood.text) if p and p.strip()]
    if len(pieces) < 2:
        return (understood,)
    parts = tuple(read(piece.strip()) for piece in pieces)
    if not all(_is_sure_request(part, script) for part in parts):
        return (understood,)
    wanted = [script.by_intent.get(str(part.intent), part.intent) for part in parts]
    return parts if len(set(wanted)) == len(wanted) else (understood,)


def _is_sure_request(part: Understanding, script: Script) -> bool:
    best = part.intents[0] if part.intents else None
    return best is not None and best.score >= SWITCH and script.is_request(best.name)
