"""The end of a call: a goodbye, and before it, of some calls, one question about how it was."""

import hashlib

from dialog import engine
from dialog.draft import Draft
from dialog.services.survey import ASKED

RATING = "survey_offer"
"""The flow that asks."""


def farewell(draft: Draft) -> None:
    """End the call, or ask how it was first: once, and with a goodbye whatever is answered."""
    if _is_to_be_rated(draft):
        draft.reason += "; how was it"
        draft.change(stack=(), queue=())
        engine.start(draft, RATING)
        engine.run(draft)
        return
    engine.say_goodbye(draft)


def is_rating(draft: Draft) -> bool:
    """Whether the caller was asked how the call was: nothing else is under way then."""
    return bool(draft.state.stack) and draft.state.stack[0].flow == RATING


def _is_to_be_rated(draft: Draft) -> bool:
    """Not after a failed login, anger or distress, nor where nothing came of the call."""
    state, facts = draft.state, draft.facts
    if facts is None or state.customer_id is None or state.login_failures or state.mood.upset:
        return False
    if is_rating(draft) or {ASKED, "propose_survey"} & set(state.done):
        return False
    came_to_something = any(ended.how != "dropped" for ended in state.ended)
    return came_to_something and _place(state.call_id) < facts.survey_share


def _place(call_id: str) -> float:
    """A call's place between 0 and 1, the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(call_id.encode()).digest()[:4]) / 2**32
