"""One order of each, where one of several was asked for: "both of them"."""

from dialog.draft import Draft
from dialog.flow import Choose
from dialog.options import OPTIONS, Option
from dialog.requests import rerun, wait_for_turn
from dialog.wanted import fill_top
from nlu.understanding import Entity, ScoredIntent, Understanding


def ordered_each(draft: Draft, step: Choose, understanding: Understanding) -> bool:
    """Begin with the first and keep the others for later; True where each was meant."""
    options = OPTIONS[step.among](draft.view)
    everything = draft.script.lexicon.everything.search(understanding.text)
    if not (step.each and everything) or understanding.entities or len(options) < 2:
        return False
    first, *later = (_order(draft, step, option, options) for option in options)
    wait_for_turn(draft, later)
    draft.reason = "one of each"
    draft.say("one_by_one")
    rerun(draft, fill_top(draft, first, step.choose).frame)
    return True


def _order(
    draft: Draft, step: Choose, option: Option, options: tuple[Option, ...]
) -> Understanding:
    """The order of one of them, in a value that names no other one."""
    others = {key for other in options if other != option for key in other.keys}
    key = min(option.keys - others or option.keys, key=str.isdigit)
    kind = "digits" if key.isdigit() else draft.flow.slots[step.choose].takes[0]
    intents = (ScoredIntent(draft.flow.intents[0], 1.0),)
    return Understanding(key, intents, (Entity(kind, key, key, 0, len(key)),), 1.0, True)
