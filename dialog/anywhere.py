"""Whether an utterance is one of what may be said at any point, and not an answer or a request."""

from dataclasses import replace

from dialog.corrections import is_kept
from dialog.draft import Draft
from dialog.everywhere import ALWAYS, SMALL_TALK
from dialog.grounding import (
    AGAINST,
    HOLDS,
    SWITCH,
)
from dialog.requests import fill_top, takes, wanted_in
from nlu.understanding import ScoredIntent, Understanding

DRASTIC = frozenset({"goodbye", "start_over"})
"""These throw away what is under way, so that they must be as sure as a switch."""


def said_anywhere(draft: Draft, understanding: Understanding) -> bool:
    """Do what may be said at any point; True where it was that."""
    best = understanding.intents[0] if understanding.intents else None
    if draft.state.stack and draft.script.lexicon.dropped_last.search(draft.text):
        best = ScoredIntent("cancel", 1.0)
    if best is None or best.score < HOLDS:
        return False
    if best.name == "cancel" and is_kept(draft, understanding):
        return False
    corrects = any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents)
    if corrects and draft.state.stack and best.score < SWITCH and best.name != "cancel":
        return False
    if best.name in DRASTIC and draft.state.stack and best.score < SWITCH:
        return False
    if (
        best.name not in ("cancel", "wait")
        and best.score < SWITCH
        and wanted_in(draft, understanding)
    ):
        return False
    if (best.name == "wait" or best.score < SWITCH) and touches(draft, understanding):
        return False
    if best.name in ALWAYS:
        draft.reason = f"{best.name} may be said at any point"
        ALWAYS[best.name](draft)
        return True
    others = wanted_in(draft, understanding)
    if best.name in SMALL_TALK and not others and not touches(draft, understanding):
        draft.reason = best.name
        SMALL_TALK[best.name](draft)
        return True
    return False


def touches(draft: Draft, understanding: Understanding) -> bool:
    """Whether an utterance says something about the running flow's slots."""
    if not draft.state.stack:
        return False
    return fill_top(draft, understanding, draft.asked).touched


def weighed(draft: Draft, heard: Understanding) -> Understanding:
    """ "What's in checking": a request with a value for it goes before words about the conversation
    that are not surely meant."""
    best = heard.intents[0] if heard.intents else None
    if best is None or best.name not in {*ALWAYS, *SMALL_TALK}:
        return heard
    # Who asks what a word means says so.
    asks = best.name == "explain" and not draft.script.lexicon.meaning.search(heard.text)
    if best.score >= SWITCH and not asks:
        return heard
    least = 0.0 if asks else AGAINST
    for intent in heard.intents[1:]:
        flow = draft.script.flows.get(draft.script.by_intent.get(intent.name, ""))
        if intent.score >= least and flow and any(takes(flow, e) for e in heard.entities):
            return replace(heard, intents=(replace(intent, score=HOLDS), *heard.intents[1:]))
    return heard
