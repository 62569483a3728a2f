"""Two requests in one breath: "block my card and what's my balance"."""

import re
from collections.abc import Callable
from dataclasses import replace

from dialog.grounding import SWITCH
from dialog.script import Script
from nlu.understanding import ScoredIntent, Understanding

_PIECES = re.compile(r"[.;?!,…]+\s+|\s+-+\s+")
_ANYWHERE = frozenset({"inform", "wait", "cancel", "agent", "repeat", "help", "correct", "refuse"})


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
    pieces = [p for p in script.lexicon.clauses.split(understood.text) if p and p.strip()]
    if len(pieces) < 2:
        return (understood,)
    parts = tuple(read(piece.strip()) for piece in pieces)
    if not all(_is_sure_request(part, script) for part in parts):
        return (understood,)
    wanted = [script.by_intent.get(str(part.intent), part.intent) for part in parts]
    return parts if len(set(wanted)) == len(wanted) else (understood,)


def dropped(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> tuple[Understanding, ...]:
    """ "Forget that, what's my balance": the cancelling and the wishes after it; else nothing.

    Args:
        understood: The whole utterance.
        script: Knows the words that drop what is under way.
        read: Reads a piece of the text.
    """
    found = script.lexicon.dropping.match(understood.text)
    if found is None:
        return ()
    rest = read(found["rest"])
    wishes = split(rest, script, read)
    if not all(_is_sure_request(wish, script) for wish in wishes):
        return ()
    cancel = replace(understood, intents=(ScoredIntent("cancel", 1.0),), entities=())
    return (cancel, *wishes)


def clear_piece(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> Understanding:
    """An utterance that is not clear as a whole (a long story, or words to somebody else in the
    room) with the meaning of the piece that is; never that of a "yes", which is not plain then.

    Args:
        understood: The whole utterance.
        script: Knows which intents are requests.
        read: Reads a piece of the text as an answer to what was asked.
    """
    pieces = [p.strip() for p in _PIECES.split(understood.text) if p.strip()]
    if len(pieces) < 2 or (understood.intents and understood.intents[0].score >= SWITCH):
        return understood
    readings = [read(piece) for piece in pieces]
    clear = [r for r in readings if _is_sure_request(r, script)]
    if not understood.entities:
        clear += [r for r in readings if _is_said_anywhere(r)]
    return replace(understood, intents=clear[0].intents, in_scope=True) if clear else understood


def _is_said_anywhere(part: Understanding) -> bool:
    best = part.intents[0] if part.intents else None
    return best is not None and best.score >= SWITCH and best.name in _ANYWHERE


def _is_sure_request(part: Understanding, script: Script) -> bool:
    best = part.intents[0] if part.intents else None
    return best is not None and best.score >= SWITCH and script.is_request(best.name)
