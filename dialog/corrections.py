"""Corrections that name no new value: ask that again, the other one, the other way round, as it
was before."""

from collections.abc import Mapping
from dataclasses import replace

from dialog.draft import Draft
from dialog.flow import Choose
from dialog.grounding import held, words_of
from dialog.options import OPTIONS
from dialog.requests import rerun
from dialog.state import Filled
from nlu.understanding import Understanding

CERTAIN = 0.95
"""A cancelling this sure is none of the last correction alone: "leave it, don't send anything"."""


def corrected(draft: Draft, understanding: Understanding) -> bool:
    """Do such a correction of the running flow; True where it was one."""
    lexicon, text = draft.script.lexicon, understanding.text
    if is_kept(draft, understanding):
        _keep(draft)
        return True
    if lexicon.swap.search(text) and _swap(draft):
        return True
    if lexicon.other.search(text) and _other(draft):
        return True
    named = corrects_by_name(draft, text)
    if named:
        _ask_anew(draft, named[0])
    return bool(named)


def corrects_by_name(draft: Draft, text: str) -> list[str]:
    """The filled slots that a text names as wrong: "the amount is off", "the recipient"."""
    lexicon = draft.script.lexicon
    said = " ".join(word for word in words_of(text) if word not in lexicon.small)
    bare = [name for name in draft.top.slots if said in lexicon.slots.get(name, ())]
    if bare or not lexicon.reset.search(text):
        return bare
    return [name for name in draft.top.slots if lexicon.names_slot(name, text)]


def is_kept(draft: Draft, understanding: Understanding) -> bool:
    """Whether the last correction shall be taken back."""
    if not draft.state.stack or draft.top.before is None:
        return False
    best = understanding.intents[0] if understanding.intents else None
    drops = best is not None and best.name == "cancel" and best.score >= CERTAIN
    return "keep" in held(understanding) and not drops


def _ask_anew(draft: Draft, slot: str) -> None:
    """Empty a slot, so that it is asked for again and not guessed."""
    draft.reason = f"{slot} shall be another one"
    frame = draft.top
    slots = {name: filled for name, filled in frame.slots.items() if name != slot}
    rerun(draft, replace(frame, slots=slots, anew=frame.anew | {slot}, before=frame.slots))


def _keep(draft: Draft) -> None:
    """Take the last correction back."""
    frame = draft.top
    draft.reason = "the last correction is taken back"
    draft.say("as_before")
    rerun(draft, replace(frame, slots=frame.before or {}, before=frame.slots, anew=frozenset()))


def _other(draft: Draft) -> bool:
    """The other one of two; with more than two the choice is asked for again."""
    chosen = [
        step for step in draft.flow.steps if isinstance(step, Choose) and _is_chosen(draft, step)
    ]
    if not chosen:
        return False
    step = chosen[-1]
    slot = step.choose
    options = OPTIONS[step.among](draft.view)
    filled = draft.top.slots[slot]
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
