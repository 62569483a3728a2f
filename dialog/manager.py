"""The dialog manager: `decide` turns a state and an event into the next state and what to say.

Pure: no clock, no randomness, no bank. What must be done is named in the decision, and what became
of it is the next event.
"""

from dataclasses import replace
from datetime import date

from dialog import engine
from dialog.actions import ACTIONS
from dialog.bank.values import Facts
from dialog.decision import (
    Decision,
    Event,
    Expired,
    Heard,
    Keyed,
    Opened,
    Outcome,
    Queued,
    Returned,
    Silent,
    Unclear,
)
from dialog.draft import Draft
from dialog.farewell import farewell, is_rating
from dialog.floor import give_back_floor
from dialog.flow import Do
from dialog.hearing import heard
from dialog.keys import as_understanding
from dialog.misses import missed
from dialog.requests import carry_on, take_in
from dialog.script import Script, script
from dialog.state import OPEN, State

SILENCES = 2
"""How often a silent caller is asked before the call ends."""

LOGINS = 3
"""Wrong logins in one call before a person takes over, whatever the bank itself counts."""


def decide(
    state: State, event: Event, facts: Facts | None, today: date, told: Script | None = None
) -> Decision:
    """What to say and do about an event, and the state after it.

    Args:
        state: Where the call stands.
        event: What happened.
        facts: Of the identified customer; None before.
        today: The day that answers about days are counted from.
        told: Flows and replies; those of the call's language if not given.
    """
    if _speaks_after_all(state, event):
        state = replace(state, end=None)
    if isinstance(event, Expired):
        # Also while they wait for a person: somebody else may have the telephone by now.
        state = replace(state, customer_id=None, first_name=None)
    if isinstance(event, Returned) and state.end == "transfer":
        state = replace(state, end=None, stack=(), queue=(), request="", expectation=OPEN, place=0)
    draft = Draft(state, facts, today, told or script(state.language))
    if isinstance(event, Queued):
        _queued(draft, event)
        return draft.finish(follows=True)
    if state.end is not None:
        draft.say("ended", "goodbye")
        draft.reason = "the call has ended"
        return draft.finish(follows=False)
    match event:
        case Opened():
            draft.say("greeting", "greet")
            draft.reason = "the call was answered"
        case Heard(understanding, then):
            draft.change(silences=0)
            heard(draft, understanding, then)
        case Keyed(digits):
            draft.change(silences=0)
            heard(draft, as_understanding(digits, state.expectation, today), ())
        case Silent():
            _silent(draft)
        case Expired():
            _expired(draft)
        case Unclear():
            draft.reason = "sound without words"
            missed(draft)
        case Outcome():
            _outcome(draft, event)
        case Returned():
            draft.say("nobody_free", "hand_over_failed")
            draft.reason = "no person could take the call over"
            give_back_floor(draft)
    return draft.finish(follows=isinstance(event, Outcome))


def _queued(draft: Draft, event: Queued) -> None:
    """Tell the place where others wait before the caller."""
    draft.change(place=event.place)
    draft.reason = f"place {event.place} in line"
    if event.place > 1:
        draft.say("queue_place")


def _speaks_after_all(state: State, event: Event) -> bool:
    """A caller who was taken for gone, and answers while that is being said."""
    given_up = state.end == "goodbye" and state.silences > SILENCES
    return given_up and isinstance(event, Heard | Keyed)


def _expired(draft: Draft) -> None:
    """Who was identified is nobody, and nothing is under way or was offered."""
    draft.change(stack=(), queue=(), request="", ended=(), offered=(), expectation=OPEN)
    draft.change(silences=0, closing=False, paused=False)
    draft.reason = "the session has expired"
    draft.say("session_expired", "session_expired")
    draft.say("what_now")


def _silent(draft: Draft) -> None:
    draft.change(silences=draft.state.silences + 1)
    draft.reason = f"silence {draft.state.silences}"
    if is_rating(draft):
        farewell(draft)
        return
    if draft.state.silences > SILENCES:
        draft.say("goodbye_silence", "goodbye")
        draft.end("goodbye")
        return
    draft.say("are_you_there", "ask_again_silence")
    give_back_floor(draft)


def _outcome(draft: Draft, outcome: Outcome) -> None:
    draft.reason = f"{outcome.act}: {outcome.result}"
    if is_rating(draft) and outcome.result in ("unavailable", "failed", "erased"):
        farewell(draft)  # that nothing could be written is no reason to stay
        return
    if outcome.result == "erased":
        draft.change(customer_id=None, first_name=None)
        _expired(draft)
        return
    if outcome.result == "unavailable":
        draft.change(stack=(), queue=())
        draft.say("bank_unavailable", "bank_unavailable")
        carry_on(draft)
        return
    frame = draft.state.top
    step = draft.flow.steps[frame.at] if frame else None
    if frame is None or not isinstance(step, Do) or not _is_led(step, outcome):
        _failed(draft, outcome)
        return
    if outcome.act == "authenticate":
        outcome = _login(draft, outcome)
        frame = draft.top
    if outcome.result == "locked":
        # Who has failed every try is nobody, whoever was known before, until the call is over.
        draft.change(customer_id=None, first_name=None, locked_out=True)
    draft.put_top(replace(frame, outcome={**frame.outcome, **outcome.values}))
    if outcome.result in ("ok", "repeated") and ACTIONS[outcome.act].effect:
        draft.put_top(replace(draft.top, acted=True))
    if outcome.result == "ok":
        draft.change(done=(*draft.state.done, outcome.act))
        engine.go(draft, frame.at + 1)
    else:
        draft.walk(outcome.result)
        engine.go(draft, draft.flow.label(step.results[outcome.result]))
    engine.run(draft)
    carry_on(draft)


def _is_led(step: Do, outcome: Outcome) -> bool:
    """Whether the flow says how it goes on after this."""
    return step.act == outcome.act and (outcome.result == "ok" or outcome.result in step.results)


def _failed(draft: Draft, outcome: Outcome) -> None:
    """Something broke: say so, and do not claim to know what became of money."""
    draft.change(stack=(), queue=())
    draft.say("act_uncertain" if outcome.act == "execute_transfer" else "act_failed")
    draft.mark("bank_unavailable")
    engine.start(draft, "person")
    engine.run(draft)


def _login(draft: Draft, outcome: Outcome) -> Outcome:
    """Keep who the caller is, and read again what they asked for; count what went wrong."""
    if outcome.result == "ok":
        customer, name = outcome.values["customer_id"], outcome.values["first_name"]
        draft.change(customer_id=customer, served=customer, first_name=name, request="")
        if outcome.request is not None:
            take_in(draft, outcome.request)
        return outcome
    failures = draft.state.login_failures + 1
    draft.change(login_failures=failures)
    if failures >= LOGINS:
        return replace(outcome, result="locked")
    return outcome
