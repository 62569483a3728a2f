"""Giving the floor back to the caller: what was asked is asked again, or what they would like."""

from dataclasses import replace

from dialog import engine
from dialog.draft import Draft
from dialog.state import OPEN


def give_back_floor(draft: Draft) -> None:
    """Ask again what was asked, in a shorter form, or what the caller would like."""
    if draft.state.stack:
        draft.mode = "again"
        engine.run(draft)
    else:
        draft.say("what_now")
        draft.change(expectation=OPEN)


def what_else(draft: Draft) -> None:
    """Ask what else, and let "no" mean goodbye."""
    draft.asked_what = True
    draft.say("anything_else", "ask_anything_else")
    draft.change(closing=True, expectation=replace(OPEN, beside=_ordered_next(draft)))


def _ordered_next(draft: Draft) -> tuple[str, ...]:
    """The kinds of value that an order of what was told last would name."""
    last = draft.state.ended[-1].frame.flow if draft.state.ended else None
    leads = draft.script.flows[last].leads if last else None
    return engine.kinds_of(draft.script.flows[leads]) if leads else ()
