"""What a caller may say at any point: cancel, repeat, help, a person, goodbye, and small talk."""

from collections.abc import Callable

from dialog import engine
from dialog.asides import explain, why
from dialog.draft import Draft
from dialog.farewell import farewell, is_rating
from dialog.floor import give_back_floor, what_else
from dialog.flow import Confirm
from dialog.stack import requests_in
from dialog.state import OPEN


def cancel(draft: Draft) -> None:
    """Stop what is talked about, or all of it; what lies below is taken up again."""
    if is_rating(draft):
        farewell(draft)
        return
    under_way = requests_in(draft.state.stack)
    if not under_way:
        draft.say("nothing_to_cancel")
        what_else(draft)
        return
    while len(under_way) > 1 and draft.script.flows[under_way[-1][0].flow].passing:
        under_way.pop()
    frame = under_way.pop()[0]
    below = under_way
    if draft.script.lexicon.everything.search(draft.text):
        below = []
    flow = draft.script.flows[frame.flow]
    draft.change(stack=tuple(f for request in below for f in request), queue=(), request="")
    draft.say(flow.cancelled, flow.cancelled_action, about=frame)
    engine.keep_ended(draft, frame, dropped=True)
    if draft.then:
        return
    if draft.state.stack:
        draft.say(draft.script.flows[below[-1][0].flow].back)
        give_back_floor(draft)
    else:
        what_else(draft)


def start_over(draft: Draft) -> None:
    """Forget what is under way; who the caller is stays known."""
    draft.change(stack=(), queue=(), request="", expectation=OPEN)
    draft.say("start_over", "ask_anything_else")
    draft.say("what_now")


def agent(draft: Draft) -> None:
    """Hand over to a person."""
    draft.say("hand_over", "hand_over")
    draft.end("transfer")


def repeat(draft: Draft) -> None:
    """Say the last answer again."""
    _once_more(draft, "repeat")


def louder(draft: Draft) -> None:
    """Say honestly that the volume is fixed, and repeat."""
    _once_more(draft, "louder")


def slower(draft: Draft) -> None:
    """Say honestly that the pace is fixed, and repeat."""
    _once_more(draft, "slower")


def _once_more(draft: Draft, key: str) -> None:
    last = draft.state.last_said
    if not last:
        draft.say("nothing_to_repeat", "repeat")
        give_back_floor(draft)
        return
    if isinstance(draft.step, Confirm):
        # A question about money is asked anew, so that it counts as asked.
        if key != "repeat":
            draft.say(key)
        draft.mark("repeat")
        give_back_floor(draft)
        return
    draft.say(key, "repeat")
    draft.keep_question()
    for sentence in last:
        draft.put(sentence, "repeated")


def help_(draft: Draft) -> None:
    """Say what can be said to the service that is under way, or what can be asked for."""
    own = f"help_{draft.top.flow}" if draft.state.stack else ""
    draft.say(own if draft.has(own) else "help", "help")
    _back_if_asked(draft)


def wait(draft: Draft) -> None:
    """Give the caller time: the next silences are not counted against them."""
    draft.say("wait", "wait")
    draft.change(silences=-2, paused=True)
    if not draft.state.stack:
        draft.keep_question()


def thanks(draft: Draft) -> None:
    """Take thanks, and go on."""
    draft.say("welcome")
    if draft.state.stack:
        give_back_floor(draft)
        draft.mark("ask_anything_else")
    else:
        what_else(draft)


def greet(draft: Draft) -> None:
    """Greet back."""
    draft.say("greet_back", "greet")
    _back_if_asked(draft)


def chitchat(draft: Draft) -> None:
    """Small talk, shortly, and back to banking."""
    draft.say("chitchat", "out_of_scope")
    give_back_floor(draft)


def insult(draft: Draft) -> None:
    """Stay calm, and offer a person."""
    draft.say("insult", "offer_person")
    _back_if_asked(draft)


def _back_if_asked(draft: Draft) -> None:
    if draft.state.stack:
        give_back_floor(draft)


ALWAYS: dict[str, Callable[[Draft], None]] = {
    "cancel": cancel,
    "start_over": start_over,
    "agent": agent,
    "goodbye": farewell,
    "repeat": repeat,
    "help": help_,
    "louder": louder,
    "slower": slower,
    "wait": wait,
    "why": why,
    "explain": explain,
}
"""Taken before anything else that was said."""

SMALL_TALK: dict[str, Callable[[Draft], None]] = {
    "thanks": thanks,
    "greet": greet,
    "chitchat": chitchat,
    "insult": insult,
}
"""Taken only where nothing else was said with it."""
