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
from dialog.stack import requests_in
from dialog.wanted import fill_top, takes, wanted_in
from nlu.understanding import ScoredIntent, Understanding

ASIDES = frozenset({"repeat", "slower", "louder"})
"""What is often said to oneself or to somebody else, on the way to what is wanted."""

DRASTIC = frozenset({"goodbye", "start_over"})
"""These throw away what is under way, so that they must be as sure as a switch, and heard well."""


def said_anywhere(draft: Draft, understanding: Understanding) -> bool:
    """Do what may be said at any point; True where it was that."""
    best = understanding.intents[0] if understanding.intents else None
    to_another = draft.script.lexicon.to_another.search(understanding.text)
    if draft.state.stack and to_another and not touches(draft, understanding):
        draft.reason = "said to somebody else"
        ALWAYS["wait"](draft)
        return True
    wants_person = best is not None and best.name == "agent" and best.score >= SURE
    if not wants_person and _drops(draft, understanding):
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
    if best.name in DRASTIC and _names_value(draft, understanding):
        return False
    drastic = best.name in DRASTIC or (best.name == "agent" and isinstance(draft.step, Confirm))
    if drastic and (best.score < SWITCH or understanding.confidence < WORDS):
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


def _names_value(draft: Draft, understanding: Understanding) -> bool:
    """ "No, tomorrow", "another day": of what is under way, and no end of the call."""
    if not draft.state.stack or draft.script.lexicon.bye.search(understanding.text):
        return False
    return touches(draft, understanding) or bool(corrects_by_name(draft, understanding.text))


def _goes_on(draft: Draft, understanding: Understanding) -> bool:
    """ "No, don't cancel it": what is under way is asked again, a "yes" in the same breath, too."""
    if not draft.state.stack or _is_asked(draft) or touches(draft, understanding):
        return False
    draft.reason = "not cancelled"
    give_back_floor(draft)
    return True


def _is_answered(draft: Draft, understanding: Understanding, best: ScoredIntent) -> bool:
    """Whether a question for a yes is answered by words that only sound like an end: "yes", beside
    words to somebody else; "all of it is right", to what should be changed; "everything"."""
    if not isinstance(draft.step, Confirm) or best.name not in ("cancel", "goodbye"):
        return False
    if best.name == "cancel" and best.score >= SURE:
        return False
    words, lexicon = set(words_of(understanding.text)), draft.script.lexicon
    leaves = lexicon.leaves.search(understanding.text) or words & lexicon.no
    if best.name == "goodbye" and not leaves:
        return True
    return bool(words & lexicon.yes) or lexicon.as_it_is.search(understanding.text) is not None


def _drops(draft: Draft, understanding: Understanding) -> bool:
    """Whether words at the start or the end drop what is under way, with nothing else wanted."""
    if not draft.state.stack:
        return False
    lexicon = draft.script.lexicon
    if is_kept(draft, understanding):
        return False
    if lexicon.dropped_last.search(draft.text) or is_needless(draft, understanding):
        return True
    if _refuses_deed(draft, understanding):
        return True
    if not lexicon.dropped_first.search(draft.text) or touches(draft, understanding):
        return False
    return not corrects_by_name(draft, draft.text)


def _refuses_deed(draft: Draft, understanding: Understanding) -> bool:
    """ "No, don't call me": what is talked about shall not be done."""
    *_, request = requests_in(draft.state.stack)
    deeds = draft.script.lexicon.deeds_of.get(request[0].flow, frozenset())
    found = draft.script.lexicon.refuses.search(understanding.text)
    return found is not None and found[1].lower() in deeds and not touches(draft, understanding)


def is_needless(draft: Draft, understanding: Understanding) -> bool:
    """ "False alarm, I found it": what was wanted is not needed any more."""
    *_, request = requests_in(draft.state.stack)
    lexicon, text = draft.script.lexicon, understanding.text
    needless = lexicon.needless.get(request[0].flow)
    if needless is None or lexicon.question.search(text) or lexicon.needed.search(text):
        return False
    return needless.search(text) is not None


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
    heard = _without_person(draft, asking_why(draft, heard))
    heard = _asking_after(draft, _courtesies(draft, heard))
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
    lexicon = draft.script.lexicon
    like = any(i.name == "why" and i.score >= AGAINST for i in heard.intents)
    asks = lexicon.asks_us_why.search(heard.text) or (like and lexicon.asks_why.search(heard.text))
    if not draft.state.stack or not asks:
        return heard
    rest = tuple(i for i in heard.intents if i.name != "why")
    return replace(heard, intents=(ScoredIntent("why", SURE), *rest), in_scope=True)


def _without_person(draft: Draft, heard: Understanding) -> Understanding:
    """ "I don't want to talk to a person, I just want my balance"."""
    lexicon = draft.script.lexicon
    rest = tuple(intent for intent in heard.intents if intent.name != "agent")
    if len(rest) == len(heard.intents):
        return heard
    if _means_payee(draft, heard):
        return replace(heard, intents=rest)
    meant = bool(rest) and rest[0].score >= HOLDS
    return (
        replace(heard, intents=rest) if meant and lexicon.not_a_person.search(heard.text) else heard
    )


def _means_payee(draft: Draft, heard: Understanding) -> bool:
    """ "Another person please", to whom it shall be sent; "somebody new", where that is asked."""
    if not draft.state.stack or draft.script.lexicon.talks.search(heard.text):
        return False
    asked = draft.asked is not None and "payee" in draft.flow.slots[draft.asked].takes
    return asked or "recipient" in corrects_by_name(draft, heard.text)


def _asking_after(draft: Draft, heard: Understanding) -> Understanding:
    """ "But the five dollars to Anna went through, right?": what became of it, and no new order."""
    lexicon = draft.script.lexicon
    asks = lexicon.tag.search(heard.text) or lexicon.question.search(heard.text)
    named = any(e.type in ("payee", "money") for e in heard.entities)
    orders = heard.intent in ("transfer", "correct", "inform", "scheduled_payment", "affirm")
    if draft.state.stack or not (orders and named and asks and lexicon.fate.search(heard.text)):
        return heard
    first, *rest = heard.intents
    rest = [intent for intent in rest if intent.name != "payment_status"]
    return replace(heard, intents=(replace(first, name="payment_status", score=SURE), *rest))


def _courtesies(draft: Draft, heard: Understanding) -> Understanding:
    """ "You're a star, bye" ends the call; a rating that is as much an insult is one."""
    best = heard.intents[0] if heard.intents else None
    if best is None:
        return heard
    thanks = best.name == "affirm" and draft.script.lexicon.thanks.search(heard.text)
    more = draft.before.closing and draft.script.lexicon.yes & set(words_of(heard.text))
    if draft.before.closing and draft.script.lexicon.finished.search(heard.text):
        return replace(heard, intents=(ScoredIntent("goodbye", SURE),), in_scope=True)
    if thanks and not (draft.state.stack or draft.paused or more):
        return replace(heard, intents=(replace(best, name="thanks"), *heard.intents[1:]))
    if best.name == "thanks" and draft.script.lexicon.bye.search(heard.text):
        return replace(heard, intents=(replace(best, name="goodbye"), *heard.intents[1:]))
    ordered = next((i for i in heard.intents[1:] if i.score >= AGAINST), None)
    if best.name == "agent" and best.score < SURE and ordered and ordered.name == "transfer":
        # "Pay somebody" names nobody to speak to.
        return replace(heard, intents=(replace(ordered, score=SWITCH),))
    planned = best.name in ("scheduled_payment", "transfer", "bill_payment")
    if planned and not draft.state.stack and draft.script.lexicon.ends_order.search(heard.text):
        # "Stop my standing order to Anna" plans none.
        return replace(heard, intents=(replace(best, name="cancel_payment"),))
    insults = any(i.name == "insult" and i.score >= AGAINST for i in heard.intents)
    if best.name == "feedback" and best.score < SWITCH and insults:
        rest = tuple(i for i in heard.intents[1:] if i.name != "insult")
        return replace(heard, intents=(replace(best, name="insult"), *rest))
    return heard
