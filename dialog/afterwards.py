"""What a caller says about something that has ended: it was a yes after all, undo it, the other
account then."""

from dataclasses import replace

from dialog.draft import Draft
from dialog.filling import fill, names_stranger
from dialog.floor import what_else
from dialog.grounding import AGAINST, SURE, SWITCH, words_of
from dialog.requests import begin, rerun
from dialog.state import Ended, Filled, Frame
from dialog.wanted import wanted_in
from nlu.understanding import Entity, Understanding

_ABOUT_A_VALUE = ("correct", "inform", "keep")
_OF_WHAT = frozenset({"payee", "category"})
"""Slots of a search one of which takes the other's place."""

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
    if last.how != "dropped" and _undoes_planned(draft, last, understanding):
        draft.reason = "what was planned is cancelled"
        everything = draft.script.lexicon.everything.search(understanding.text) is not None
        begin(draft, "cancel_payment", _by_recipient(last, understanding, everything=everything))
        return True
    if last.how == "done" and best == "cancel" and _names_other(draft, last, understanding):
        draft.reason = "another payment shall be cancelled"
        begin(draft, "cancel_payment", understanding)
        return True
    if last.how == "done" and (best in _UNDOES or _is_just_done(draft, last, understanding)):
        _stays(draft, last)
        return True
    if last.how == "told" and _other_account(draft, last, understanding):
        return True
    if last.how == "done":
        return False
    told = last.how == "told" and _asks_likewise(draft, last, understanding)
    again = best in _ABOUT_A_VALUE or told or _corrects(draft, last, understanding)
    if again and _with_another_value(draft, last, replace(understanding, in_scope=True)):
        return True
    return last.how == "told" and _orders_of_it(draft, last, understanding)


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


def _undoes_planned(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "Cancel that", after a payment was planned, or those to come were told."""
    planned = {one.to for one in draft.facts.schedules} if draft.facts else set()
    known = planned | {filled.value for filled in last.frame.slots.values()}
    if understanding.intent not in _UNDOES:
        return False
    if any(e.type != "ordinal" and e.value not in known for e in understanding.entities):
        return False
    if draft.script.flows[last.frame.flow].leads == "cancel_payment":
        return bool(planned) and understanding.intent == "cancel"
    later = replace(draft.view, frame=last.frame).later_day()
    recipient = last.frame.slots.get("recipient")
    return later is not None and recipient is not None and recipient.value in planned


def _by_recipient(last: Ended, understanding: Understanding, *, everything: bool) -> Understanding:
    """The cancelling with the name of who was to be paid, if it is known and not all is meant."""
    recipient = last.frame.slots.get("recipient")
    kept = (
        ()
        if recipient is None or everything
        else (Entity("payee", str(recipient.value), "", 0, 0),)
    )
    return replace(understanding, entities=kept)


def _is_just_done(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "Cancel the payment that I just made": what is planned, or was paid to somebody else, is
    cancelled otherwise."""
    lexicon, slots = draft.script.lexicon, last.frame.slots
    wants_back = lexicon.wants_back.search(understanding.text)
    if "amount" in slots and wants_back and not wanted_in(draft, understanding):
        return True
    if understanding.intent != "cancel_payment" or "amount" not in slots:
        return False
    if _names_other(draft, last, understanding):
        return False
    return bool(lexicon.just_done.search(understanding.text))


def _names_other(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """Whether somebody is named to whom the last payment did not go."""
    known = {filled.value for filled in last.frame.slots.values()}
    other = any(e.type == "payee" and e.value not in known for e in understanding.entities)
    return other or names_stranger(understanding, draft.script.lexicon)


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
    # Groceries, and then Tom: not what went to Tom for groceries.
    left = _OF_WHAT - filling.changed if _OF_WHAT & filling.changed else frozenset()
    slots = {name: value for name, value in filling.frame.slots.items() if name not in left}
    _reopen(draft, replace(filling.frame, slots=slots))
    return True


def _corrects(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """Whether it may be a correction of what has ended, and is not more likely a request of its
    own: "cancel the one to Anna"."""
    if not understanding.intents:
        return False
    best = understanding.intents[0]
    flow = draft.script.by_intent.get(best.name)
    if best.score >= SURE or (flow is not None and flow != last.frame.flow):
        return False
    return any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents)


def _asks_likewise(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "And what about coffee": the same question with another value, and no other request."""
    if not draft.script.lexicon.likewise_asked.search(understanding.text):
        return False
    others = [i for i in understanding.intents if i.score >= SWITCH]
    return not any(
        draft.script.is_request(i.name) and draft.script.by_intent.get(i.name) != last.frame.flow
        for i in others
    )


def _orders_of_it(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "Let's do the gas one", of the bills that were told: what a flow leads to is begun."""
    name = draft.script.flows[last.frame.flow].leads
    if name is not None and _says_deed(draft, name, understanding):
        draft.reason = f"{name} of what was told"
        begin(draft, name, understanding)
        return True
    if name is None or wanted_in(draft, understanding):
        return False
    flow, lexicon = draft.script.flows[name], draft.script.lexicon
    if lexicon.question.search(understanding.text):
        return False
    values = fill(flow, Frame(name), understanding, draft.facts, lexicon, asked=None)
    if not values.changed:
        return False
    draft.reason = f"{name} of what was told"
    begin(draft, name, understanding)
    return True


def _says_deed(draft: Draft, name: str, understanding: Understanding) -> bool:
    """ "I'd like to apply", after a loan's cost, "pay both", after the bills: the deed, of nothing
    else than what was told."""
    lexicon, best = draft.script.lexicon, understanding.intents[:1]
    deeds = lexicon.deeds_of.get(name, frozenset()).intersection(words_of(understanding.text))
    other = draft.script.by_intent.get(best[0].name) if best and best[0].score >= SURE else name
    named = any(e.type not in ("ordinal", "bill_kind") for e in understanding.entities)
    asks = lexicon.question.search(understanding.text) or lexicon.negates.search(understanding.text)
    return bool(deeds) and other == name and not (named or asks)


def _other_account(draft: Draft, last: Ended, understanding: Understanding) -> bool:
    """ "And the other one": what was told of one of two accounts, told of the other."""
    told = last.frame.slots.get("account")
    accounts = draft.facts.accounts if draft.facts else ()
    if understanding.entities or not draft.script.lexicon.other.search(understanding.text):
        return False
    if told is None and last.frame.flow == "balance":
        _reopen(draft, last.frame)
        return True
    if told is None or len(accounts) != 2:
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
    reopened = replace(frame, called=False, waiting=False, refused=0)
    draft.push(reopened)
    rerun(draft, reopened)
