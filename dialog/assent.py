"""A yes in the caller's own words: the deed, or what was read back, said once more ("yes, send the
fifty to Tom"), and nothing else."""

import re
from dataclasses import replace

from dialog.draft import Draft
from dialog.filling import Filling
from dialog.flow import Confirm
from dialog.grounding import AGAINST, says_only_yes, words_of
from dialog.script import Script
from dialog.state import Frame
from dialog.wanted import takes
from nlu.understanding import Entity, ScoredIntent, Understanding

VALUE, PAYEE, ACCOUNT = "•", "★", "◦"
"""Stand for a value that was read back: a payee is no object that is moved, nor is an account."""

_MARKS = {"payee": PAYEE, "account_kind": ACCOUNT}

_AGAINST = ("deny", "cancel", "wait", "start_over")
"""Beside what was read back a "correct" is none: nothing is changed."""

_DESCRIBED = ("account_kind", "card_kind", "bill_kind")
"""Values that stand for an account, a card or a bill that is known by its id."""


def deeds_asked(script: Script, frame: Frame) -> frozenset[str]:
    """The words of the deed that a flow, or its question, asks about."""
    step = script.flows[frame.flow].steps[frame.at]
    asked = step.confirm if isinstance(step, Confirm) else ""
    by_flow = script.lexicon.deeds_of
    return by_flow.get(frame.flow, frozenset()) | by_flow.get(asked, frozenset())


def in_its_words(
    draft: Draft, understanding: Understanding, filling: Filling
) -> Understanding | None:
    """A yes with the deed, or with values that were read back, as a plain one; None where it is
    none.

    Args:
        draft: Waits for a yes.
        understanding: What was said, with all of its values.
        filling: What it would change.
    """
    lexicon, text = draft.script.lexicon, understanding.text
    if filling.touched or not (understanding.intents and lexicon.agrees.search(text)):
        return None
    if lexicon.no_assent.search(text) or lexicon.unfinished.search(text):
        return None
    if any(i.name in _AGAINST and i.score >= AGAINST for i in understanding.intents):
        return None
    if not _only_read_back(draft, understanding) or lexicon.question.search(text):
        return None
    deeds = deeds_asked(draft.script, draft.top)
    rest, restated = lexicon.restated(deeds).subn(" ", _marked(understanding))
    left = any(mark in rest for mark in (VALUE, PAYEE, ACCOUNT))
    beside = left or set(words_of(rest)) - lexicon.beside_restated
    if not restated or beside or not says_only_yes(rest, lexicon, deeds):
        return None
    # As sure as it was heard to be, whatever it was taken for.
    score = sum(intent.score for intent in understanding.intents)
    agreed = (ScoredIntent("affirm", min(score, 1.0)),)
    return replace(understanding, text=rest, intents=agreed, entities=())


def _marked(understanding: Understanding) -> str:
    """The text in small letters, with a mark for each value."""
    text = understanding.text
    for entity in sorted(understanding.entities, key=lambda e: -e.start):
        if entity.text:
            mark = _MARKS.get(entity.type, VALUE)
            text = f"{text[: entity.start]} {mark} {text[entity.end :]}"
    words = re.findall(rf"[\w']+|[{VALUE}{PAYEE}{ACCOUNT}]", text.lower().replace("’", "'"))
    return " ".join(words)


def _only_read_back(draft: Draft, understanding: Understanding) -> bool:
    """Whether every value that was said is one that was read back, each once: "yes, send 60" may
    be none, and "fifty and fifty" is a hundred."""
    kinds = [(e.type, e.role) for e in understanding.entities]
    return len(set(kinds)) == len(kinds) and all(
        entity.role != "not" and (_is_known(draft, entity) or is_now(draft, entity))
        for entity in understanding.entities
    )


def _is_known(draft: Draft, entity: Entity) -> bool:
    known = {filled.value for filled in draft.top.slots.values()}
    if not takes(draft.flow, entity) or not (entity.value in known or entity.type in _DESCRIBED):
        return False
    # A name that only sounds like the one that was read back may be another one.
    named = set(words_of(entity.text)) <= set(words_of(str(entity.value)))
    return named or entity.type != "payee"


def is_now(draft: Draft, entity: Entity) -> bool:
    """ "Yes, today", of what is done at once anyway."""
    is_today = entity.value == draft.today and "day" not in draft.top.slots
    return is_today and draft.script.lexicon.now.fullmatch(entity.text) is not None
