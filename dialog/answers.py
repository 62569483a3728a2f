"""An answer to what was asked, or something else instead of one."""

from dataclasses import replace

from dialog import engine
from dialog.asides import refused
from dialog.corrections import corrected
from dialog.draft import Draft
from dialog.each import ordered_each
from dialog.everywhere import ALWAYS
from dialog.filling import Filling, tells_digits
from dialog.flow import Choose, Collect
from dialog.grounding import (
    HOLDS,
    SURE,
)
from dialog.misses import gave_up, missed, out_of_scope
from dialog.requests import carry_on, rerun
from dialog.switching import is_value, other_request, switch
from dialog.wanted import fill_top, wanted_in
from nlu.understanding import Understanding

SHORT = 4
"""An answer of this many words or fewer is an answer, whatever else it might be."""


def is_secret_answer(draft: Draft, understanding: Understanding) -> bool:
    """Whether a secret was asked for and digits enough were told."""
    return draft.state.expectation.secret and tells_digits(understanding)


def answer(draft: Draft, step: Collect | Choose, understanding: Understanding, misses: int) -> None:
    """An answer to what was asked, or something else."""
    slot = step.collect if isinstance(step, Collect) else step.choose
    filling = fill_top(draft, understanding, slot)
    if understanding.intent == "correct" and slot in filling.changed:
        filling = _of_the_last(draft, understanding) or filling
    secret = is_secret_answer(draft, understanding)
    instead = step.instead if isinstance(step, Collect) else {}
    best = understanding.intent or ""
    if not secret and best in instead and not filling.touched:
        draft.reason = f"{best} instead of {slot}"
        draft.put_top(replace(draft.top, refused=draft.top.refused + (best == "refuse")))
        draft.walk(best)
        engine.go(draft, draft.flow.label(instead[best]))
        engine.run(draft)
        carry_on(draft)
        return
    if not secret and not filling.changed and corrected(draft, understanding):
        return
    mine = is_value(draft, understanding, filling)
    if not secret and not mine and other_request(draft, understanding):
        switch(draft, understanding)
        return
    rejects = isinstance(step, Choose) and filling.frame.against > draft.top.against
    if filling.touched or slot in filling.repeated or rejects:
        take_and_go_on(draft, filling, slot, misses)
        return
    if best == "affirm" and isinstance(step, Choose) and (only := engine.only_choice(draft, step)):
        draft.reason = "the only one that there is"
        rerun(draft, replace(draft.top, slots={**draft.top.slots, slot: only}))
        return
    keeps = best == "keep" and understanding.intents[0].score >= SURE
    none = isinstance(step, Choose) and draft.script.lexicon.none_of.search(understanding.text)
    if none or keeps:  # "leave it as it is", and there is no correction to take back
        ALWAYS["cancel"](draft)
        return
    if isinstance(step, Choose) and ordered_each(draft, step, understanding):
        return
    draft.reason = f"no {slot} in it"
    wanted = wanted_in(draft, understanding)
    if not secret and wanted and (best in wanted or best in ALWAYS):
        switch(draft, understanding)
        return
    if best in ("refuse", "deny") and understanding.intents[0].score >= HOLDS:
        refused(draft, misses)
        carry_on(draft)
        return
    draft.change(misses=misses)
    draft.put_top(replace(draft.top, unmatched=frozenset()))
    if _is_unknown_name(draft, step, understanding) and misses == 0:
        draft.change(misses=1)
        draft.put_top(replace(draft.top, unmatched=frozenset({slot})))
        engine.run(draft)
        return
    if not understanding.in_scope and draft.state.expectation.kind not in ("payee", "choice"):
        out_of_scope(draft, understanding)
        return
    missed(draft)


def _of_the_last(draft: Draft, understanding: Understanding) -> Filling | None:
    """ "Sorry, April second", where the last day of a trip is asked for: the first one, if that
    takes it without being asked, too."""
    filling = fill_top(draft, understanding, None)
    corrects = filling.changed and filling.changed <= draft.top.slots.keys()
    return filling if corrects else None


def _is_unknown_name(draft: Draft, step: Collect | Choose, understanding: Understanding) -> bool:
    """Whether a short answer without an entity is most likely a name that we do not know."""
    if not isinstance(step, Collect) or "payee" not in draft.flow.slots[step.collect].takes:
        return False
    plain = understanding.intent in (None, "inform", "correct")
    short = len(understanding.text.split()) <= SHORT
    return bool(step.unmatched) and not understanding.entities and plain and short


def take_and_go_on(draft: Draft, filling: Filling, slot: str, misses: int) -> None:
    """Take what was said and run on; ask again what was heard too badly."""
    known = draft.top.slots
    corrects = any(name in known for name in filling.changed)
    draft.put_top(replace(filling.frame, before=known) if corrects else filling.frame)
    draft.secrets = filling.secrets
    if filling.unsure or (filling.unclear and not filling.changed):
        draft.change(misses=misses + 1)
        draft.reason = f"{', '.join(sorted(filling.unsure | filling.unclear))} not sure"
        if gave_up(draft):
            return
        if filling.unsure:
            draft.say("not_sure")
            draft.mode = "again"
    else:
        taken = filling.changed | filling.secrets.keys()
        draft.reason = f"{', '.join(sorted(taken))} heard" if taken else f"{slot} narrowed"
    if filling.changed and slot not in filling.changed | filling.secrets.keys():
        draft.reason += f" instead of {slot}"
    if not filling.secrets:
        rerun(draft, draft.top)
        return
    engine.go(draft, draft.top.at)
    engine.run(draft)
    carry_on(draft)
