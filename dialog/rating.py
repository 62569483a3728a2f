"""What is said to "how was this call?": a rating, a wish that goes before it, or neither."""

from typing import Literal

from dialog.answers import SHORT
from dialog.bank.surveys import rates
from dialog.draft import Draft
from dialog.everywhere import ALWAYS
from dialog.grounding import SURE, SWITCH
from dialog.wanted import wanted_in
from nlu.understanding import Understanding

Said = Literal["rating", "wish", "aside", "neither"]
"""An aside is said at any point, and is about the question or the end of the call."""

_ABOUT_US = ("repeat", "slower", "louder", "help", "explain", "why")
"""What a rating may speak of, too ("slow", "say it all twice"), unless it asks us for it."""

_ENDS = ("goodbye", "cancel", "deny", "refuse")


def said_to_rating(draft: Draft, understanding: Understanding) -> Said:
    """What an utterance is to the question, where nothing else was said in the same breath.

    A few words are an answer; more of them need a score or a mood in them, since whoever has
    thought of something else must not be sent away.
    """
    best = understanding.intents[0] if understanding.intents else None
    name, score = (best.name, best.score) if best else ("", 0.0)
    told, short = rates(understanding.text), len(understanding.text.split()) <= SHORT
    if name == "wait" and score >= SWITCH:
        return "neither"  # "wait, I have another question": there is more to come
    if _wants(draft, understanding) and not (told and score < SURE):
        return "wish"
    if name in _ENDS:
        aside = short or (score >= SURE and not told)
    else:
        asks = draft.script.lexicon.addressed.search(understanding.text) is not None
        aside = name in ALWAYS and (short or score >= SWITCH) and (asks or name not in _ABOUT_US)
    if aside:
        return "aside"
    return "rating" if told or short else "neither"


def _wants(draft: Draft, understanding: Understanding) -> bool:
    """Whether something is asked for; to give feedback is what the caller was asked to do."""
    rates_us = {"survey"}
    if not draft.script.lexicon.complains.search(understanding.text):
        rates_us.add("complaint")
    wanted = wanted_in(draft, understanding)
    return any(draft.script.by_intent.get(name) not in rates_us for name in wanted)
