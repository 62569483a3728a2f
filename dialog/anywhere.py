"""Whether an utterance is one of what may be said at any point, and not an answer or a request."""

from dataclasses import replace

from dialog.asides import explains_itself
from dialog.corrections import corrects_by_name, is_kept
from dialog.draft import Draft
from dialog.everywhere import ALWAYS, SMALL_TALK
from dialog.floor import give_back_floor
from dialog.flow import Collect, Confirm
from dialog.grounding import AGAINST, HOLDS, SURE, SWITCH, WORDS, words_of
from dialog.misses import heard_nothing, once_more
from dialog.requests import tell_quote
from dialog.wanted import fill_top, takes, wanted_in
from nlu.understanding import ScoredIntent, Understanding

ASIDES = frozenset({"repeat", "slower", "louder"})
"""What is often said to oneself or to somebody else, on the way to what is wanted."""

DRASTIC = frozenset({"goodbye", "start_over"})
"""These throw away what is under way, so that they must be as sure as a switch, and heard well."""


def said_anywhere(draft: Draft, understanding: Understanding) -> bool:
    """Do what may be said at any point; True where it was that."""
    best = understanding.intents[0] if understanding.intents else None
    if _drops(draft, understanding):
        best = ScoredIntent("cancel", 1.0)
    if best is None or best.score < HOLDS:
        return False
    if best.name == "cancel" and draft.script.lexicon.not_cancelled.search(understanding.text):
        return _goes_on(draft, understanding)
    if best.name == "cancel" and (is_kept(draft, understanding) or _is_asked(draft)):
        return False
    if _is_answered(draft, understanding, best):
        return False
    corrects = any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents)
    if corrects and draft.state.stack and best.score < SWITCH and best.name != "cancel":
        return False
    if best.name in DRASTIC and (best.score < SWITCH or understanding.confidence < WORDS):
        return False
    if (
        best.name not in ("cancel", "wait")
        and best.score < SWITCH
        and wanted_in(draft, understanding)
    ):
        return False
    if (best.name == "wait" or best.score < SWITCH) and touches(draft, understanding):
        return False
    if best.name in ASIDES and _says_more(draft, understanding):
        return False
    asks_secret = draft.state.expectation.secret
    if (
        best.name == "explain"
        and understanding.quote
        and not (asks_secret or explains_itself(draft))
    ):
        # What one of the bank's documents explains is no word of ours: "what's an overdraft".
        tell_quote(draft, understanding.quote)
        return True
    if best.name in ALWAYS:
        draft.reason = f"{best.name} may be said at any point"
        ALWAYS[best.name](draft)
        return True
    others = wanted_in(draft, understanding)
    if best.name in SMALL_TALK and not others and not touches(draft, understanding):
        draft.reason = best.name
        back = best.name == "greet" and (draft.paused or draft.before.silences > 0)  # "I'm back"
        if back:
            once_more(draft)
        elif best.name == "thanks" and heard_nothing(draft):
            return True
        else:
            SMALL_TALK[best.name](draft)
        return True
    return False


def _goes_on(draft: Draft, understanding: Understanding) -> bool:
    """ "No, don't cancel it": what is under way is asked again, a "yes" in the same breath, too."""
    if not draft.state.stack or _is_asked(draft) or touches(draft, understanding):
        return False
    draft.reason = "not cancelled"
    give_back_floor(draft)
    return True


def _is_answered(draft: Draft, understanding: Understanding, best: ScoredIntent) -> bool:
    """Whether a question for a yes is answered by words that only sound like an end: "yes", beside
    words to somebody else; "all of it is right", to what should be changed."""
    if not isinstance(draft.step, Confirm) or best.name not in ("cancel", "goodbye"):
        return False
    if best.name == "cancel" and best.score >= SURE:
        return False
    words, lexicon = set(words_of(understanding.text)), draft.script.lexicon
    return bool(words & lexicon.yes) or lexicon.as_it_is.search(understanding.text) is not None


def _drops(draft: Draft, understanding: Understanding) -> bool:
    """Whether words at the start or the end drop what is under way, with nothing else wanted."""
    if not draft.state.stack:
        return False
    lexicon = draft.script.lexicon
    if is_kept(draft, understanding):
        return False
    if lexicon.dropped_last.search(draft.text):
        return True
    if not lexicon.dropped_first.search(draft.text) or touches(draft, understanding):
        return False
    return not corrects_by_name(draft, draft.text)


def _is_asked(draft: Draft) -> bool:
    """Whether the question is whether to cancel something."""
    return isinstance(draft.step, Confirm) and draft.step.cancels


def _says_more(draft: Draft, understanding: Understanding) -> bool:
    """Whether a value that was asked for, or a request as sure, stands beside it: "what was it
    again, dear? forty one fifty"; or a correction of what was read back: "sorry, forty five"."""
    corrects = any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents)
    # "Ugh, sorry, forty five" corrects, and "forty five, did you say?" does not.
    corrects = corrects or not draft.script.lexicon.question.search(understanding.text)
    answers = isinstance(draft.step, Collect) or (isinstance(draft.step, Confirm) and corrects)
    if answers and touches(draft, understanding):
        return True
    wanted = wanted_in(draft, understanding)
    scores = {intent.name: intent.score for intent in understanding.intents}
    return not draft.state.stack and bool(wanted) and scores.get(wanted[0], 0.0) >= SURE


def touches(draft: Draft, understanding: Understanding) -> bool:
    """Whether an utterance says something about the running flow's slots."""
    if not draft.state.stack:
        return False
    return fill_top(draft, understanding, draft.asked).touched


def weighed(draft: Draft, heard: Understanding) -> Understanding:
    """ "What's in checking": a request with a value for it goes before words about the conversation
    that are not surely meant."""
    heard = _courtesies(draft, asking_why(draft, heard))
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


def asking_why(draft: Draft, heard: Understanding) -> Understanding:
    """ "Why do you need my PIN": a question for a reason before the matter that it names."""
    why = next((i for i in heard.intents if i.name == "why" and i.score >= AGAINST), None)
    if why is None or not draft.state.stack or not draft.script.lexicon.asks_why.search(heard.text):
        return heard
    rest = tuple(i for i in heard.intents if i is not why)
    return replace(heard, intents=(replace(why, score=SURE), *rest))


def _courtesies(draft: Draft, heard: Understanding) -> Understanding:
    """ "You're a star, bye" ends the call; a rating that is as much an insult is one."""
    best = heard.intents[0] if heard.intents else None
    if best is None:
        return heard
    if best.name == "thanks" and draft.script.lexicon.bye.search(heard.text):
        return replace(heard, intents=(replace(best, name="goodbye"), *heard.intents[1:]))
    ordered = next((i for i in heard.intents[1:] if i.score >= AGAINST), None)
    if best.name == "agent" and best.score < SURE and ordered and ordered.name == "transfer":
        # "Pay somebody" names nobody to speak to.
        return replace(heard, intents=(replace(ordered, score=SWITCH),))
    insults = any(i.name == "insult" and i.score >= AGAINST for i in heard.intents)
    if best.name == "feedback" and best.score < SWITCH and insults:
        rest = tuple(i for i in heard.intents[1:] if i.name != "insult")
        return replace(heard, intents=(replace(best, name="insult"), *rest))
    return heard
