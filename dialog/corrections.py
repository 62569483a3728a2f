"""Corrections that name no new value: ask that again, the other one, the other way round, as it
was before."""

from collections.abc import Mapping
from dataclasses import replace

from dialog.draft import Draft
from dialog.flow import Choose
from dialog.grounding import held, words_of
from dialog.options import GUESS, OPTIONS
from dialog.requests import rerun
from dialog.stack import requests_in
from dialog.state import Filled
from nlu.understanding import Understanding

CERTAIN = 0.95
"""A cancelling this sure is none of the last correction alone ("leave it, don't send anything"),
unless it names what was corrected: "never mind, leave the amount"."""


def corrected(draft: Draft, understanding: Understanding) -> bool:
    """Do such a correction of the running flow; True where it was one."""
    lexicon, text = draft.script.lexicon, understanding.text
    if is_kept(draft, understanding):
        _keep(draft)
        return True
    if lexicon.swap.search(text) and _swap(draft):
        return True
    if lexicon.other.search(text) and _other(draft, text):
        return True
    named = corrects_by_name(draft, text) or _corrects_by_value(draft, understanding)
    named = [slot for slot in named if _is_asked_for(draft, slot)]
    if named:
        _ask_anew(draft, named[0])
    return bool(named)


def corrects_by_name(draft: Draft, text: str) -> list[str]:
    """The filled slots that a text names as wrong: "the amount is off", "the recipient"."""
    lexicon = draft.script.lexicon
    said = " ".join(word for word in words_of(text) if word not in lexicon.small)
    if lexicon.question.search(text) and not lexicon.reset.search(text):
        return []
    bare = [name for name in draft.top.slots if said in lexicon.slots.get(name, ())]
    if bare or not lexicon.reset.search(text):
        return bare
    return [name for name in draft.top.slots if lexicon.names_slot(name, text)]


def _is_asked_for(draft: Draft, slot: str) -> bool:
    """Whether some flow of what is talked about asks for a slot, so that it can be asked anew."""
    *_, frames = requests_in(draft.state.stack)
    flows = [draft.script.flows[frame.flow] for frame in frames]
    return any(slot in flow.slots and slot not in flow.optional for flow in flows)


def _corrects_by_value(draft: Draft, understanding: Understanding) -> list[str]:
    """The filled slots whose value a text names as wrong: "the fifty is wrong"."""
    lexicon, text = draft.script.lexicon, understanding.text
    if not (lexicon.reset.search(text) or lexicon.mistaken.search(text)):
        return []
    if lexicon.question.search(text):
        return []
    named = {e.value for e in understanding.entities if e.role != "not"}
    return [name for name, filled in draft.top.slots.items() if filled.value in named]


def is_kept(draft: Draft, understanding: Understanding) -> bool:
    """Whether the last correction shall be taken back."""
    if not draft.state.stack or draft.top.before is None:
        return False
    best = understanding.intents[0] if understanding.intents else None
    names, text = draft.script.lexicon.names_slot, understanding.text
    drops = best is not None and best.name == "cancel" and best.score >= CERTAIN
    drops = drops and not any(names(slot, text) for slot in draft.top.before)
    return "keep" in held(understanding) and not drops


def asked_anew(draft: Draft, slot: str) -> bool:
    """Ask for a slot anew; False where nothing of what is under way asks for it."""
    if not _is_asked_for(draft, slot):
        return False
    _ask_anew(draft, slot)
    return True


def _ask_anew(draft: Draft, slot: str) -> None:
    """Empty a slot, so that it is asked for again and not guessed; by the flow that asks for it,
    where another one called this."""
    draft.reason = f"{slot} shall be another one"
    while slot in draft.flow.optional and draft.top.called:
        called, below = draft.top, draft.state.stack[-2]
        told = {k: v for k, v in called.slots.items() if k in draft.script.flows[below.flow].slots}
        draft.change(stack=draft.state.stack[:-1])
        draft.put_top(replace(below, slots={**below.slots, **told}))
    frame = draft.top
    slots = {name: filled for name, filled in frame.slots.items() if name != slot}
    rerun(draft, replace(frame, slots=slots, anew=frame.anew | {slot}, before=frame.slots))


def _keep(draft: Draft) -> None:
    """Take the last correction back."""
    frame = draft.top
    draft.reason = "the last correction is taken back"
    draft.say("as_before")
    rerun(draft, replace(frame, slots=frame.before or {}, before=frame.slots, anew=frozenset()))


def _other(draft: Draft, text: str) -> bool:
    """The other one of two; with more than two the choice is asked for again. "The other card" is
    no other bill."""
    lexicon = draft.script.lexicon
    named = {slot for slot in lexicon.slots if lexicon.names_slot(slot, text)}
    chosen = [
        step
        for step in draft.flow.steps
        if isinstance(step, Choose)
        and _is_chosen(draft, step)
        and (not named or step.choose in named)
    ]
    if not chosen:
        return False
    # The one that they chose, and not the account that was guessed beside it.
    asked = [step for step in chosen if draft.top.slots[step.choose].entity != GUESS]
    step = (asked or chosen)[-1]
    slot = step.choose
    filled = draft.top.slots[slot]
    others = {k: v for k, v in draft.top.slots.items() if k != slot and v.entity != GUESS}
    options = OPTIONS[step.among](replace(draft.view, frame=replace(draft.top, slots=others)))
    rest = [o for o in options if filled.value != o.value and filled.value not in o.keys]
    if len(rest) != 1:
        _ask_anew(draft, slot)
        return True
    _change(draft, {slot: Filled(rest[0].value, "chosen")})
    return True


def _is_chosen(draft: Draft, step: Choose) -> bool:
    return step.choose in draft.top.slots


def _swap(draft: Draft) -> bool:
    """Two accounts exchange their sides."""
    if draft.facts is None:
        return False
    found = {name: draft.view.account(name) for name in draft.top.slots}
    sides = [(name, account) for name, account in found.items() if account is not None]
    if len(sides) != 2:
        return False
    (one, first), (two, second) = sides
    _change(draft, {one: _as(draft, one, second.kind), two: _as(draft, two, first.kind)})
    return True


def _as(draft: Draft, slot: str, kind: str) -> Filled:
    """A kind of account in the form in which the slot is filled by what callers say."""
    return Filled(kind, "account_kind")


def _change(draft: Draft, values: Mapping[str, Filled]) -> None:
    draft.reason = f"correction: {', '.join(sorted(values))}"
    frame = draft.top
    rerun(draft, replace(frame, slots={**frame.slots, **values}, before=frame.slots))
