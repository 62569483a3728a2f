"""One order of each, where one of several was asked for: "both of them"."""

from dialog.draft import Draft
from dialog.flow import Choose
from dialog.options import OPTIONS
from dialog.orders import each_of
from dialog.requests import rerun, wait_for_turn
from dialog.wanted import fill_top
from nlu.understanding import Understanding


def ordered_each(draft: Draft, step: Choose, understanding: Understanding) -> bool:
    """Begin with the first and keep the others for later; True where each was meant."""
    options = OPTIONS[step.among](draft.view)
    everything = draft.script.lexicon.everything.search(understanding.text)
    if not (step.each and everything) or understanding.entities or len(options) < 2:
        return False
    first, *later = each_of(draft.flow, step, options)
    wait_for_turn(draft, later)
    draft.reason = "one of each"
    draft.say("one_by_one")
    rerun(draft, fill_top(draft, first, step.choose).frame)
    return True
