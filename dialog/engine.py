"""Runs the top flow until it waits for the caller or the bank, or nothing is left to run."""

from dataclasses import replace

from dialog import options
from dialog.actions import ACTIONS
from dialog.conditions import CONDITIONS
from dialog.decision import Act
from dialog.draft import Draft
from dialog.flow import (
    AnyStep,
    Call,
    Choose,
    Collect,
    Confirm,
    Do,
    Fill,
    Finish,
    Flow,
    Forget,
    Go,
    Say,
)
from dialog.options import GUESSES, OPTIONS, Option
from dialog.orders import each_of
from dialog.state import Ended, Filled, Frame
from nlu.understanding import Expectation

KEPT = 4
"""How many ended flows a call remembers."""

MAX_STEPS = 200
"""More steps than this without waiting is a flow that runs in a circle."""


def run(draft: Draft) -> None:
    """Run until the caller or the bank is waited for.

    Raises:
        RuntimeError: A flow runs in a circle.
    """
    for _ in range(MAX_STEPS):
        if draft.state.end or not draft.state.stack:
            return
        frame, flow = draft.top, draft.flow
        if frame.at >= len(flow.steps):
            leave(draft, "done")
        elif not _applies(draft, flow.steps[frame.at]):
            go(draft, frame.at + 1)
        elif _do(draft, flow, flow.steps[frame.at]):
            return
    raise RuntimeError(f"flow {draft.top.flow} runs in a circle: let a step wait or end it")


def restart(draft: Draft) -> None:
    """Run the top flow from its first step: what was guessed is guessed anew."""
    slots = {k: v for k, v in draft.top.slots.items() if v.entity != options.GUESS}
    anew = draft.top.anew - slots.keys()
    draft.put_top(replace(draft.top, slots=slots, anew=anew, proposal=None))
    go(draft, 0)


def go(draft: Draft, at: int) -> None:
    """Go to a step of the top flow."""
    draft.put_top(replace(draft.top, at=at, waiting=False))


def start(draft: Draft, name: str, *, called: bool = False) -> None:
    """Put a flow on top; a called one takes over what is known of slots with the same names.

    They are the calling flow's, and those of the same flow where it was asked for before.
    """
    slots: dict[str, Filled] = {}
    if called:
        known = [f for f in draft.state.stack if f.flow == name or f is draft.top]
        wanted = draft.script.flows[name].slots
        slots = {k: v for f in known for k, v in f.slots.items() if k in wanted}
    draft.push(Frame(flow=name, called=called, slots=slots))


def say_goodbye(draft: Draft) -> None:
    """Say goodbye and end the call."""
    draft.say("goodbye", "goodbye")
    draft.end("goodbye")


def leave(draft: Draft, result: str) -> None:
    """End the top flow with a result, and take up what is below it."""
    left = draft.top
    draft.change(stack=draft.state.stack[:-1])
    keep_ended(draft, left, dropped=result == "cancelled")
    if result == "transfer":
        draft.end("transfer")
    elif result == "goodbye":
        say_goodbye(draft)
    elif result == "ask_person":
        draft.change(stack=())
        start(draft, "person")
    elif result == "open":
        draft.asked_what = True
    elif left.called and draft.state.stack:
        _return(draft, left, result)
    elif draft.state.stack:
        draft.say(draft.flow.back)
        draft.mode = "again"
        restart(draft)


def keep_ended(draft: Draft, left: Frame, *, dropped: bool) -> None:
    """Remember a flow that has ended, in case the caller comes back to it."""
    if left.called or draft.script.flows[left.flow].is_secret:
        return
    ended = Ended(left, "done" if left.acted else "dropped" if dropped else "told")
    draft.change(ended=(*draft.state.ended, ended)[-KEPT:])


def _return(draft: Draft, left: Frame, result: str) -> None:
    """Go on in the flow that called the one that was left."""
    frame = draft.top
    step = draft.flow.steps[frame.at]
    if not isinstance(step, Call):
        restart(draft)
    elif result == "done":
        go(draft, frame.at + 1)
    elif result in step.results:
        told = {name: filled.value for name, filled in left.slots.items()}
        draft.put_top(replace(frame, outcome={**frame.outcome, **told}))
        draft.walk(result)
        go(draft, draft.flow.label(step.results[result]))
    else:
        leave(draft, result)


def _applies(draft: Draft, step: AnyStep) -> bool:
    view = draft.view
    if step.when is not None and not CONDITIONS[step.when](view):
        return False
    return step.unless is None or not CONDITIONS[step.unless](view)


def _do(draft: Draft, flow: Flow, step: AnyStep) -> bool:
    """Do one step; True where the caller or the bank is now waited for."""
    draft.walk()
    match step:
        case Collect():
            return _collect(draft, flow, step)
        case Choose():
            return _choose(draft, step)
        case Confirm():
            ask(draft, step.confirm, step.action, Expectation("yes_no"))
            draft.change(audible=True)
            return True
        case Do():
            _act(draft, step)
            return True
        case Say():
            draft.say(step.say, step.action)
        case Fill():
            guess = GUESSES[step.by](draft.view)
            known = draft.top.slots.keys() | draft.top.anew | draft.top.unmatched
            if step.fill not in known and guess is not None:
                _put(draft, step.fill, guess)
        case Forget():
            kept = {k: v for k, v in draft.top.slots.items() if k not in step.forget}
            draft.put_top(replace(draft.top, slots=kept, doubts={}, before=None))
        case Go():
            go(draft, flow.label(step.go))
            return False
        case Call():
            start(draft, step.call, called=True)
            return False
        case Finish():
            leave(draft, step.end)
            return False
    go(draft, draft.top.at + 1)
    return False


def ask(draft: Draft, key: str, action: str, expectation: Expectation) -> None:
    """Ask, and wait at this step."""
    again = draft.mode == "again" or draft.top.waiting
    draft.say(f"{key}_again" if again else key)
    draft.mark(action)
    draft.put_top(replace(draft.top, waiting=True))
    draft.change(expectation=replace(expectation, beside=kinds_of(draft.flow)))


def kinds_of(flow: Flow) -> tuple[str, ...]:
    """The kinds of value that a flow's slots take."""
    takes = (entity for slot in flow.slots.values() for entity in slot.takes)
    return tuple(sorted({entity.split(":")[0] for entity in takes}))


def _collect(draft: Draft, flow: Flow, step: Collect) -> bool:
    slot, frame = flow.slots[step.collect], draft.top
    if step.collect in frame.slots or step.collect in draft.secrets:
        go(draft, frame.at + 1)
        return False
    if choices := frame.options.get(step.collect):
        draft.say("which_one", step.action)
        draft.put_top(replace(frame, waiting=True))
        draft.change(expectation=Expectation("choice", choices=choices))
        return True
    _say_unmatched(draft, step, step.collect)
    kind = slot.expects or slot.takes[0].split(":")[0]
    expectation = Expectation(kind, secret=slot.secret, digits=slot.digits, valid=slot.check)
    ask(draft, step.ask, step.action, expectation)
    return True


def _say_unmatched(draft: Draft, step: Collect | Choose, slot: str) -> None:
    """Say that what was named is none of what we know, before it is asked for."""
    if step.unmatched and slot in draft.top.unmatched:
        draft.say(step.unmatched, step.action)
        draft.mode = "again"


def _choose(draft: Draft, step: Choose) -> bool:
    choices = OPTIONS[step.among](draft.view)
    filled = draft.top.slots.get(step.choose)
    if filled is not None and filled.entity == "ordinal":
        place = int(str(filled.value)) - 1 if str(filled.value).isdigit() else -1
        fitting = [choices[place]] if 0 <= place < len(choices) else []
    elif filled is not None:
        fitting = [c for c in choices if filled.value == c.value or filled.value in c.keys]
    else:
        fitting = [c for c in choices if not draft.top.against & c.keys]
    if filled is None and step.each and draft.top.each and len(choices) > 1:
        _begin_each(draft, step, choices)
        return False
    if len(fitting) == 1:
        entity = options.GUESS if filled and filled.entity == options.GUESS else "chosen"
        _put(draft, step.choose, Filled(fitting[0].value, entity))
        go(draft, draft.top.at + 1)
        return False
    _say_unmatched(draft, step, step.choose)
    kinds = tuple(sorted({key for c in choices for key in c.keys if not key.isdigit()}))
    ask(draft, step.ask, step.action, Expectation("choice", choices=kinds))
    return True


def _begin_each(draft: Draft, step: Choose, choices: tuple[Option, ...]) -> None:
    """Take the first, and keep an order of each other one for later: "both my bills"."""
    draft.put_top(replace(draft.top, each=False))
    later = each_of(draft.flow, step, choices)[1:]
    draft.change(queue=(*later, *draft.state.queue))
    draft.say("one_by_one")
    _put(draft, step.choose, Filled(choices[0].value, "chosen"))


def only_choice(draft: Draft, step: Choose) -> Filled | None:
    """The option of a choice that has but one, for a "yes" to it."""
    choices = OPTIONS[step.among](draft.view)
    return Filled(choices[0].value, "chosen") if len(choices) == 1 else None


def _put(draft: Draft, slot: str, filled: Filled) -> None:
    draft.put_top(replace(draft.top, slots={**draft.top.slots, slot: filled}))


def _act(draft: Draft, step: Do) -> None:
    """Ask for an act at the bank; its outcome decides how it goes on."""
    number = draft.state.acts + 1
    draft.change(acts=number)
    arguments = ACTIONS[step.act].gather(draft.view)
    act_id = f"{draft.state.call_id}:{number}"
    draft.act = Act(step.act, arguments, act_id, secret=next(iter(draft.secrets.values()), None))
    if step.act.startswith("propose_"):
        draft.put_top(replace(draft.top, proposal=act_id))
    draft.change(expectation=Expectation())
