"""Two requests in one breath: "block my card and what's my balance"."""

import re
from collections.abc import Callable
from dataclasses import replace

from dialog.flow import Confirm
from dialog.grounding import AGAINST, SURE, SWITCH, held, words_of
from dialog.script import Script
from nlu.understanding import Expectation, ScoredIntent, Understanding

_PIECES = re.compile(r"[.;?!,…]+\s+|\s+-+\s+")
LONG = 18
"""Words from which on an utterance is a story."""

CLOSE = 0.05
"""Two requests that are as sure as each other up to here are not told apart."""

CERTAIN = 0.9
"""A piece of a story that asks for nothing must be this surely an order."""

PLAIN = 0.95
"""A piece that ends the call must be this surely a goodbye."""

_TELLING = frozenset({"complaint", "suggestion", "dispute"})
"""What is followed by what is told: "an idea for you: open on Sundays" wants no hours."""

_DAYS = ("date", "period")
_ORDERED = ("money", "payee")

_ANYWHERE = frozenset(
    {"inform", "wait", "cancel", "agent", "repeat", "help", "correct", "refuse", "goodbye"}
)
_SMALL_TALK = frozenset({"chitchat", "greet", "thanks", "insult"})
_ON_THE_WAY = frozenset({"wait", "repeat", "correct", "goodbye"})


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
    if str(wanted[0]) in _TELLING:
        return (replace(understood, intents=parts[0].intents),)
    if len(understood.text.split()) >= LONG and not all(_is_wish(part, script) for part in parts):
        return (understood,)
    return parts if len(set(wanted)) == len(wanted) else (understood,)


def dropped(
    understood: Understanding,
    script: Script,
    read: Callable[[str], Understanding],
    running: str | None,
) -> tuple[Understanding, ...]:
    """ "Forget that, what's my balance": the cancelling and the wishes after it; else nothing.

    Args:
        understood: The whole utterance.
        script: Knows the words that drop what is under way.
        read: Reads a piece of the text.
        running: The flow that is talked about, or None.
    """
    found = script.lexicon.dropping.match(understood.text)
    if found is None:
        return _dropped_first(understood, script, read, running)
    if script.lexicon.reason.match(found["rest"]):
        return (replace(understood, intents=(ScoredIntent("cancel", 1.0),), entities=()),)
    rest = read(found["rest"])
    wishes = split(rest, script, read)
    if not all(_is_sure_request(wish, script) for wish in wishes):
        return ()
    cancel = replace(understood, intents=(ScoredIntent("cancel", 1.0),), entities=())
    return (cancel, *wishes)


def _dropped_first(
    understood: Understanding,
    script: Script,
    read: Callable[[str], Understanding],
    running: str | None,
) -> tuple[Understanding, ...]:
    """The same where the first piece cancels in words of its own ("don't send it, ..."), and what
    follows is for something else than what is talked about."""
    if not any(i.name == "cancel" for i in understood.intents):
        return ()
    for cut in _PIECES.finditer(understood.text):
        first, wish = read(understood.text[: cut.start()]), read(understood.text[cut.end() :])
        if not _is_sure_request(wish, script):
            continue
        wanted = script.by_intent.get(str(wish.intent), wish.intent)
        # "Don't take it from checking, pay Anna out of savings" says how it shall not be done.
        ordered = running is None and any(e.type in _ORDERED for e in wish.entities)
        if wanted == running or not (_cancels(first) or ordered):
            continue
        if running is None and not ordered and wanted == _forbidden(understood, script, wish):
            continue
        cancel = replace(understood, intents=(ScoredIntent("cancel", 1.0),), entities=())
        return (cancel, wish)
    return ()


def _cancels(part: Understanding) -> bool:
    """Whether a piece surely cancels: "don't send it", "no, don't send it"."""
    scores = {intent.name: intent.score for intent in part.intents}
    cancel = scores.get("cancel", 0.0)
    return cancel >= AGAINST and cancel + scores.get("deny", 0.0) >= SURE


def _forbidden(understood: Understanding, script: Script, wish: Understanding) -> str | None:
    """What must not be done, where the cancelling words name it as they would a request."""
    named = [i.name for i in understood.intents if i.name != wish.intent]
    return next((script.by_intent[name] for name in named if name in script.by_intent), None)


def wish_instead(
    understood: Understanding,
    script: Script,
    awaited: Expectation,
    read: Callable[[str], Understanding],
) -> Understanding:
    """A request said where a number was asked for, read as one: "forty to Anna" is no forty-two.

    Args:
        understood: The utterance, its figures read as digits.
        script: Knows which intents are requests.
        awaited: The number.
        read: Reads the text as if nothing had been asked.
    """
    best = understood.intents[0] if understood.intents else None
    digits = [str(e.value) for e in understood.entities if e.type == "digits"]
    if best is None or best.score < SURE or not script.is_request(best.name):
        return understood
    if best.name == "identify" or any(len(d) == awaited.digits for d in digits):
        return understood
    if awaited.kind != "customer_number":
        return understood  # a PIN or a code is never read as an amount, which is shown
    wish = read(understood.text)
    return wish if _is_sure_request(wish, script) else understood


def backed(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> Understanding:
    """A long utterance without the requests that none of its pieces makes alone: a story sounds
    like many things.

    Args:
        understood: The whole utterance.
        script: Knows which intents are requests.
        read: Reads a piece of the text.
    """
    understood = _without_days_of_stories(understood, script)
    best, *others = understood.intents or (None,)
    wanted = [i for i in others if i and i.score >= SWITCH and script.is_request(i.name)]
    if best is None or not wanted or len(understood.text.split()) < LONG:
        return understood
    pieces = [p.strip() for p in _PIECES.split(understood.text) if p.strip()]
    made = {part.intent for part in map(read, pieces) if _is_wish(part, script)}
    kept = tuple(i for i in understood.intents if i is best or i not in wanted or i.name in made)
    return replace(understood, intents=kept)


def _is_wish(part: Understanding, script: Script) -> bool:
    """Whether a piece of a story surely wants something: "there were so many expenses" asks for no
    answer, while "my card is gone" orders something."""
    if not _is_sure_request(part, script):
        return False
    flow = script.flows.get(script.by_intent.get(str(part.intent), ""))
    orders = flow is not None and any(isinstance(step, Confirm) for step in flow.steps)
    orders = orders and part.intents[0].score >= CERTAIN
    lexicon = script.lexicon
    asks = lexicon.question.search(part.text) or lexicon.asks.search(part.text)
    return orders or asks is not None


def _without_days_of_stories(understood: Understanding, script: Script) -> Understanding:
    """A long utterance without the days that stand in another piece than the amount: "I met Hanna
    yesterday, …, so send her twenty dollars" orders nothing for yesterday."""
    amounts = [e for e in understood.entities if e.type in ("money", "bill_kind")]
    if not amounts or len(understood.text.split()) < LONG:
        return understood
    cuts = [found.start() for found in _PIECES.finditer(understood.text)]
    cuts = cuts or [found.start() for found in script.lexicon.joints.finditer(understood.text)]

    def piece(at: int) -> int:
        return sum(cut < at for cut in cuts)

    held = {piece(entity.start) for entity in amounts}
    kept = tuple(e for e in understood.entities if e.type not in _DAYS or piece(e.start) in held)
    return replace(understood, entities=kept)


def without_denied(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> Understanding:
    """ "I didn't ask for a loan, I asked for my balance", without the loan.

    Args:
        understood: The whole utterance.
        script: Knows the requests, and how something is denied.
        read: Reads a piece of the text.
    """
    pieces = [p.strip() for p in _PIECES.split(understood.text) if p.strip()]
    denied = [p for p in pieces if script.lexicon.denies.search(p)]
    if not denied or len(denied) == len(pieces):
        return understood
    meant = {
        i.name for p in pieces if p not in denied for i in read(p).intents if i.score >= SWITCH
    }
    named = {i.name for p in denied for i in read(p).intents if i.score >= AGAINST}
    gone = {name for name in named - meant if script.is_request(name)}
    kept = tuple(intent for intent in understood.intents if intent.name not in gone)
    return replace(understood, intents=kept) if meant else understood


def to_the_point(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> Understanding:
    """A long utterance that says at last what it is for ("…, what I wanted to ask is"): that
    alone, where it is surely a request.

    Args:
        understood: The whole utterance.
        script: Knows which intents are requests.
        read: Reads a piece of the text as an answer to what was asked.
    """
    found = list(script.lexicon.purpose.finditer(understood.text))
    if not found or len(understood.text.split()) < LONG:
        return understood
    wish = read(understood.text[found[-1].end() :])
    return wish if _is_sure_request(wish, script) else understood


def clear_piece(
    understood: Understanding,
    script: Script,
    read: Callable[[str], Understanding],
    awaited: str,
) -> Understanding:
    """An utterance that is not clear as a whole (a long story, or words to somebody else in the
    room) with the meaning of the piece that is; never that of a "yes", which is not plain then.

    Args:
        understood: The whole utterance.
        script: Knows which intents are requests.
        read: Reads a piece of the text as an answer to what was asked.
        awaited: The kind of value that was asked for; a story that tells one has no other wish.
    """
    best = understood.intents[0] if understood.intents else None
    is_clear = best is not None and best.score >= SWITCH and best.name not in _SMALL_TALK
    is_clear = is_clear and not _is_torn(understood, script)
    if not is_clear or understood.intent == "correct":
        wish = _corrected_to(understood, script, read)
        if wish is not None:
            # "Sorry, the credit card": a correction it stays, for the values of what is asked.
            corrects = tuple(i for i in understood.intents if i.name == "correct")
            rest = tuple(i for i in wish.intents if i.name != "correct")
            return replace(understood, intents=(*rest, *corrects), in_scope=True)
    if is_clear:
        return understood
    pieces = [p.strip() for p in _PIECES.split(understood.text) if p.strip()]
    if len(pieces) < 2 and any(entity.type == awaited for entity in understood.entities):
        return understood
    if len(pieces) < 2:
        return _with_wish_of_story(understood, script, read)
    readings = [read(piece) for piece in pieces if not script.lexicon.habit.search(piece)]
    if any(r.intent == "affirm" for r in readings):
        readings = [r for r in readings if r.intent != "cancel" or _objects(r.text, script)]
    like = {i.name for i in understood.intents if i.score >= AGAINST}
    clear = [r for r in readings if _is_sure_request(r, script)]
    clear.sort(key=lambda part: part.intent not in like)
    if not understood.entities:
        clear += sorted((r for r in readings if _is_said_anywhere(r)), key=_weight, reverse=True)
    if not clear or (clear[0].intent in _ON_THE_WAY and held(understood)):
        return understood
    return replace(understood, intents=clear[0].intents, in_scope=True)


def _objects(text: str, script: Script) -> bool:
    """Whether what sounds like cancelling has a word of it: "yes, get it done" has none."""
    lexicon = script.lexicon
    dropped = lexicon.dropped_last.search(text) or lexicon.dropped_first.search(text)
    return dropped is not None or bool(lexicon.doubt.intersection(words_of(text)))


def _is_torn(understood: Understanding, script: Script) -> bool:
    """Whether a story without punctuation sounds like one request as much as like another."""
    if len(understood.text.split()) < LONG or len(understood.intents) < 2:
        return False
    if _PIECES.search(understood.text):
        return False
    one, other = understood.intents[:2]
    flows = [script.by_intent.get(intent.name) for intent in (one, other)]
    return None not in flows and flows[0] != flows[1] and 0 <= one.score - other.score < CLOSE


def _corrected_to(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> Understanding | None:
    """ "Oh sorry, I meant I want my balance": the other wish that a correction leads to."""
    found = script.lexicon.correcting.match(understood.text)
    wish = read(found["rest"]) if found else None
    return wish if wish and _is_sure_request(wish, script) else None


def _with_wish_of_story(
    understood: Understanding, script: Script, read: Callable[[str], Understanding]
) -> Understanding:
    """A long utterance without punctuation with the meaning of the piece that wants something,
    which the whole sounds a little like or a value is said for; the last, since stories end in
    what they are told for."""
    if len(understood.text.split()) < LONG:
        return understood
    pieces = [p.strip() for p in script.lexicon.joints.split(understood.text) if p.strip()]
    readings = [read(piece) for piece in pieces] if len(pieces) > 1 else []
    like = {i.name for i in understood.intents if i.score >= AGAINST}
    clear = [
        r
        for r in readings
        if _is_sure_request(r, script)
        and (r.intent in like or any(e.type in _ORDERED for e in r.entities))
    ]
    return replace(understood, intents=clear[-1].intents, in_scope=True) if clear else understood


def _weight(part: Understanding) -> int:
    """What ends something goes before the words on the way to it: "sorry, that was my son. No,
    don't send it"."""
    return 0 if part.intent in _ON_THE_WAY else 1


def _is_said_anywhere(part: Understanding) -> bool:
    best = part.intents[0] if part.intents else None
    least = PLAIN if best and best.name == "goodbye" else SWITCH
    return best is not None and best.score >= least and best.name in _ANYWHERE


def _is_sure_request(part: Understanding, script: Script) -> bool:
    best = part.intents[0] if part.intents else None
    if best is None or not script.is_request(best.name):
        return False
    flow = script.by_intent.get(best.name)
    same = [i.score for i in part.intents if flow and script.by_intent.get(i.name) == flow]
    return max(best.score, sum(same)) >= SWITCH
