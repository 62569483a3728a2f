"""What a caller says about something that has ended: it was a yes after all, undo it, the other
account then."""

from dataclasses import replace

from dialog import engine
from dialog.draft import Draft
from dialog.filling import fill, names_stranger
from dialog.floor import what_else
from dialog.grounding import AGAINST, SURE, words_of
from dialog.requests import carry_on
from dialog.state import Ended, Filled, Frame
from nlu.understanding import Understanding

_ABOUT_A_VALUE = ("correct", "inform", "keep")
_UNDOES = ("cancel", "keep", "correct")


def afterwards(draft: Draft, understanding: Understanding) -> bool:
    """Take up what has ended, or say that it stays done; True where the utterance was about it."""
    if draft.state.stack or not draft.state.ended:
        return False
    last = draft.state.ended[-1]
    best = understanding.intent
    if last.how == "dropped" and _takes_back(draft, understanding):
        draft.reason = f"{last.frame.flow} after all"
        _reopen(draft, last.frame)
        return True
    if last.how == "done" and (best in _UNDOES or _is_just_done(draft, last, understanding)):
        _stays(draft, last)
        return True
    if last.how == "told" and _other_account(draft, last, understanding):
        return True
    unsure = not understanding.intents or understanding.intents[0].score < SURE
    corrects = any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents)
    if last.how != "done" and (best in _ABOUT_A_VALUE or (unsure and corrects)):
        return _with_another_value(draft, last, understanding)
    return False


def nothing_to_cancel(draft: Draft) -> None:
    """Say that nothing is under way; what was done in this call stays done."""
    done = [ended for ended in draft.state.ended if ended.how == "done"]
    if done:
        _stays(draft, done[-1])
    else:
        draft.say("nothing_to_cancel")
        what_else(draft)


def _stays(draft: Draft, done: Ended) -> None:
    draft.reason = f"{done.frame.flow} is done and stays so"
    draft.say(draft.script.flows[done.frame.flow].stays, "tell_done", about=done.frame)
    what_else(draft)


def _is_just_done(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "Cancel the payment that I just made": what is planned, or was paid to somebody else, is
    cancelled otherwise."""
    lexicon, slots = draft.script.lexicon, last.frame.slots
    if understanding.intent != "cancel_payment" or "amount" not in slots:
        return False
    known = {filled.value for filled in slots.values()}
    other = any(e.type == "payee" and e.value not in known for e in understanding.entities)
    if other or names_stranger(understanding, lexicon):
        return False
    return bool(lexicon.just_done.search(understanding.text))


def _takes_back(draft: Draft, understanding: Understanding) -> bool:
    """ "I meant yes": a yes beside words that take something back, and no new value."""
    lexicon = draft.script.lexicon
    says_yes = bool(lexicon.yes.intersection(words_of(understanding.text)))
    return says_yes and bool(lexicon.retract.search(understanding.text))


def _with_another_value(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "Sorry, I meant savings": what was told or dropped, with another value."""
    flow, lexicon = draft.script.flows[last.frame.flow], draft.script.lexicon
    filling = fill(flow, last.frame, understanding, draft.facts, lexicon, asked=None)
    if not filling.changed:
        return False
    draft.reason = f"{flow.flow} again, with another {', '.join(sorted(filling.changed))}"
    _reopen(draft, filling.frame)
    return True


def _other_account(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "And the other one": what was told of one of two accounts, told of the other."""
    told = last.frame.slots.get("account")
    accounts = draft.facts.accounts if draft.facts else ()
    if told is None or len(accounts) != 2:
        return False
    if understanding.entities or not draft.script.lexicon.other.search(understanding.text):
        return False
    rest = [a for a in accounts if told.value not in (a.id, a.kind)]
    if len(rest) != 1:
        return False
    draft.reason = f"{last.frame.flow} again, of the other account"
    slots = {**last.frame.slots, "account": Filled(rest[0].kind, "account_kind")}
    _reopen(draft, replace(last.frame, slots=slots))
    return True


def _reopen(draft: Draft, frame: Frame) -> None:
    """Put a flow that has ended on top again, from its first step."""
    draft.change(ended=draft.state.ended[:-1])
    draft.push(replace(frame, called=False, waiting=False, refused=0))
    engine.restart(draft)
    engine.run(draft)
    carry_on(draft)
