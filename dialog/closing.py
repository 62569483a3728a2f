"""What comes when nothing is left to run: the next request, or "anything else?"."""

from dialog import engine
from dialog.draft import Draft
from nlu.understanding import Expectation


def carry_on(draft: Draft) -> None:
    """Take up the next queued request, or ask what else, unless something is waited for."""
    from dialog.hearing import request

    while not draft.state.stack and draft.state.end is None and draft.state.queue:
        then, *rest = draft.state.queue
        draft.change(queue=tuple(rest))
        request(draft, then, closing=False)
    if not draft.state.stack and draft.state.end is None:
        draft.say("anything_else", "ask_anything_else")
        draft.change(closing=True, expectation=Expectation())


def give_back_floor(draft: Draft) -> None:
    """Ask again what was asked, in a shorter form, or what the caller would like."""
    if draft.state.stack:
        draft.mode = "again"
        engine.run(draft)
    else:
        draft.say("what_now")
        draft.change(expectation=Expectation())
