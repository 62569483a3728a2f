"""What would serve who complains, or tells what is wrong and asks for nothing by its name."""

from dialog.conditions import condition
from dialog.mood import Mood
from dialog.view import View
from dialog.wording.forms import Forms
from dialog.wording.registry import value

SAVES = frozenset({"grow", "save"})
"""Needs that one of our products serves,"""
SELLS = SAVES | {"borrow"}
"""and these are served for money: nothing is sold to who was upset."""


def may_be_told(need: str, mood: Mood) -> bool:
    """Whether there is a need, and what serves it may be told in this mood."""
    return bool(need) and not (need in SELLS and mood.upset)


@condition
def help_known(view: View) -> bool:
    """What would serve the caller is known, and may be told."""
    return may_be_told(view.frame.need, view.state.mood)


@condition
def served_otherwise(view: View) -> bool:
    """What the caller told, before they were asked what the money is for, is served by no savings
    product."""
    asked = "goal" in view.frame.slots
    return help_known(view) and view.frame.need not in SAVES and not asked


@value
def need_help(view: View, forms: Forms) -> str:
    """What would serve the caller."""
    return forms.needs[view.frame.need]
