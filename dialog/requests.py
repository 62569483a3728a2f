"""Requests: starting a flow or answering, one after the other where several were made."""

from collections.abc import Sequence
from dataclasses import replace

from dialog import engine
from dialog.again import like_the_last
from dialog.draft import Draft
from dialog.farewell import farewell
from dialog.filling import fill
from dialog.floor import give_back_floor, what_else
from dialog.flow import WORDS, Call
from dialog.grounding import AGAINST, SURE, SWITCH
from dialog.lines import Topic
from dialog.masking import mask, mask_for_later, mask_text
from dialog.misses import missed, once_more, out_of_scope
from dialog.orders import orders_in
from dialog.reference import resolved
from dialog.services.needs import may_be_told
from dialog.stack import raised, requests_in
from dialog.state import OPEN, Filled, Frame
from dialog.telling import is_surer, quoted, tell_passage, tell_topic
from dialog.wanted import (
    fill_top,
    gives_number,
    same_matter,
    takes_kind,
    wanted_by_values,
    wanted_in,
)
from nlu.understanding import Quote, Understanding

LOGIN = "login"
"""The flow that asks who somebody is."""

MAX_FLOWS = 6
"""More flows than this under way at once are forgotten, the oldest first."""

_ENDING = ("deny", "goodbye", "refuse")
"""What a caller who wants nothing else may sound like, all together."""


_HEARS_NEEDS = ("complaint", "recommendation", "agent")
"""Requests that go before a need however unsure they are: the first two tell it themselves."""


def carry_on(draft: Draft) -> None:
    """Take up the next request of the same breath, or ask what else, unless something waits."""
    while _is_free(draft) and draft.state.queue:
        then, *rest = draft.state.queue
        draft.change(queue=tuple(rest))
        then = resolved(draft, then)
        if not ordered_again(draft, then):
            request(draft, then, closing=False)
    if _is_free(draft) and not draft.asked_what:
        what_else(draft)


def rerun(draft: Draft, frame: Frame) -> None:
    """Run the top flow anew with what its frame holds now, and go on."""
    draft.put_top(frame)
    engine.restart(draft)
    engine.run(draft)
    carry_on(draft)


def _is_free(draft: Draft) -> bool:
    return not draft.state.stack and draft.state.end is None and draft.act is None


def ordered_again(draft: Draft, understanding: Understanding) -> bool:
    """Start an order like the last one; True where that was meant."""
    order = like_the_last(draft, understanding)
    if order is None:
        return False
    draft.reason = f"{order[0]} like the last one"
    begin(draft, *order)
    return True


def request(draft: Draft, understanding: Understanding, *, closing: bool, misses: int = 0) -> None:
    """Start what was asked for, or tell what is known."""
    wanted = wanted_in(draft, understanding)
    told = bool(wanted) and wanted[0] in draft.script.topics
    unsure = not understanding.intents or understanding.intents[0].score < SURE
    if not wanted and (name := _told_of(draft, understanding)):
        draft.reason = f"what {name} takes was told"
        begin(draft, name, understanding)
        return
    if (not wanted or (told and unsure)) and (name := wanted_by_values(draft, understanding)):
        draft.reason = f"the values of {name} were said"
        begin(draft, name, understanding)
        return
    if not wanted and gives_number(understanding):
        draft.reason = "a customer number was given unasked"
        begin(draft, LOGIN, understanding)
        return
    quote = quoted(draft, understanding)
    if quote and (not wanted or is_surer(draft, quote, understanding)):
        tell_quote(draft, quote)
        return
    if _tells_need(draft, understanding, wanted):
        return
    if not wanted:
        _no_request(draft, understanding, closing=closing, misses=misses)
        return
    intent, *_ = wanted
    others = [i.name for i in understanding.intents if i.name in wanted[1:] and i.score >= SWITCH]
    draft.reason = f"{intent} was asked for"
    _queue(draft, understanding, others)
    if topic := draft.script.topics.get(intent):
        _tell(draft, topic, understanding)
    else:
        begin(draft, draft.script.by_intent[intent], understanding)


def _told_of(draft: Draft, understanding: Understanding) -> str | None:
    """The flow that takes words which were told, and the values beside them: "I'm travelling to
    Spain from the first to the tenth"."""
    lexicon, flows = draft.script.lexicon, draft.script.flows
    for key, pattern in lexicon.told.items():
        flow = flows[key.split(".")[0]]
        days = [e for e in understanding.entities if e.type in ("date", "period", "time")]
        takes_days = any(takes_kind(flow, e.type) for e in days) or any(
            takes_kind(flow, "date") for e in days if e.type == "period"
        )
        if takes_days and pattern.search(understanding.text):
            return flow.flow
    return None


def take_in(draft: Draft, understanding: Understanding) -> None:
    """Fill what an earlier request said, now that more is known, into the flows below the top.

    It is read from its beginning, since a value that differs from a known one would be taken for a
    correction of it; what was heard too badly is not better heard now.
    """
    stack, lexicon = [], draft.script.lexicon
    for frame in draft.state.stack:
        flow = draft.script.flows[frame.flow]
        if not flow.is_secret:
            first, *later = orders_in(flow, understanding, lexicon)
            if later and not draft.state.queue:
                wait_for_turn(draft, later)
            anew = fill(flow, replace(frame, slots={}), first, draft.facts, lexicon, asked=None)
            told = {k: v for k, v in anew.frame.slots.items() if k not in frame.doubts}
            frame = replace(anew.frame, slots={**frame.slots, **told}, doubts=frame.doubts)
        stack.append(frame)
    draft.change(stack=tuple(stack))


def _tells_need(draft: Draft, understanding: Understanding, wanted: Sequence[str]) -> bool:
    """Tell what would serve the caller, where nothing is under way and no request is sure; True
    where that was done."""
    need, best = understanding.need, max((i.score for i in understanding.intents), default=0.0)
    sure = SURE if wanted and wanted[0] in draft.script.topics else SWITCH
    if need is None or draft.state.stack or best >= min(sure, need.score):
        return False
    if wanted and (wanted[0] in _HEARS_NEEDS or need.name == "safety"):
        return False
    if wanted and sure == SWITCH and _asks_or_orders(draft, understanding):
        return False
    if not may_be_told(need.name, draft.state.mood):
        return False
    draft.reason = f"nothing was surely asked for, but there is a need: {need.name}"
    draft.say("tell_need", "tell_need", about=Frame("", need=need.name))
    _after_telling(draft)
    return True


def _asks_or_orders(draft: Draft, understanding: Understanding) -> bool:
    """Whether a question is asked, or the values of an order are said."""
    asks = draft.script.lexicon.question.search(understanding.text) is not None
    return asks or wanted_by_values(draft, understanding) is not None


def _queue(draft: Draft, understanding: Understanding, intents: list[str]) -> None:
    """Keep the second request of the same breath for later."""
    flows = draft.script.by_intent
    first = flows.get(intents[0]) if intents else None
    started = flows.get(wanted_in(draft, understanding)[0])
    if first is None or started is None or draft.state.queue:
        return
    if not same_matter(draft.script, first, started):
        scored = tuple(i for i in understanding.intents if i.name == intents[0])
        shown = mask_for_later(understanding, draft.script.lexicon)
        later = replace(shown, intents=scored)
        draft.change(queue=(later,))


def begin(draft: Draft, name: str, understanding: Understanding) -> None:
    """Start a flow with all that was said, or go on with it where it is under way."""
    names = {frame.flow for frame in draft.state.stack}
    if name in names:
        resume(draft, name, understanding)
        return
    if len(requests_in(draft.state.stack)) >= MAX_FLOWS:
        draft.change(stack=())
    if draft.state.customer_id is None and not names:
        draft.change(request=_shown(draft, understanding))
    engine.start(draft, name)
    everything = draft.script.lexicon.everything.search(understanding.text)
    draft.put_top(replace(draft.top, each=everything is not None))
    first, *later = orders_in(draft.flow, understanding, draft.script.lexicon)
    if later:
        if any(slot.critical for slot in draft.flow.slots.values()):
            draft.say("one_by_one")
        wait_for_turn(draft, later)
    filling = fill_top(draft, first, None)
    need = understanding.need.name if understanding.need else ""
    draft.put_top(replace(filling.frame, need=need))
    draft.secrets = filling.secrets if filling.frame.slots else {}
    _take_told(draft, first)
    engine.run(draft)
    carry_on(draft)


def _take_told(draft: Draft, understanding: Understanding) -> None:
    """Fill slots that take words from what was told in asking: "a call about my mortgage"."""
    if draft.state.customer_id is None and not isinstance(draft.flow.steps[0], Call):
        return
    shown = mask(understanding, OPEN, draft.script.lexicon).text
    for slot in draft.flow.slots:
        told = draft.script.lexicon.told.get(f"{draft.top.flow}.{slot}")
        if told and (found := told.search(shown)):
            filled = Filled(found[1].strip(), WORDS, understanding.confidence)
            draft.put_top(replace(draft.top, slots={**draft.top.slots, slot: filled}))


def wait_for_turn(draft: Draft, later: Sequence[Understanding]) -> None:
    """Put further orders of the same breath before what waits already, without secrets."""
    shown = tuple(mask_for_later(order, draft.script.lexicon) for order in later)
    draft.change(queue=(*shown, *draft.state.queue))


def _shown(draft: Draft, understanding: Understanding) -> str:
    """The words of a request, masked, to be read again when the customer's payees are known."""
    return mask_text(understanding.text, OPEN, draft.script.lexicon, understanding.entities)


def resume(draft: Draft, name: str, understanding: Understanding) -> None:
    """Take new values for a request that is already under way, and go on with it first.

    What it called goes on, unless something was proposed with the old values: that is proposed
    anew.
    """
    flow, lexicon = draft.script.flows[name], draft.script.lexicon
    stack = tuple(
        fill(flow, frame, understanding, draft.facts, lexicon, asked=None).frame
        if frame.flow == name
        else frame
        for frame in raised(draft.state.stack, name)
    )
    *_, ours = requests_in(stack)
    called = len(ours) - 1 if ours[0].proposal is not None else 0
    draft.change(stack=stack[: len(stack) - called])
    if draft.state.customer_id is None:
        added = f"{draft.state.request} {_shown(draft, understanding)}"
        draft.change(request=added.strip())
    if draft.top.called:
        draft.mode = "again"
    engine.restart(draft)
    engine.run(draft)
    carry_on(draft)


def tell_quote(draft: Draft, quote: Quote) -> None:
    """Answer with a passage, and go back to what is under way."""
    tell_passage(draft, quote)
    _after_telling(draft)


def _tell(draft: Draft, topic: Topic, understanding: Understanding) -> None:
    """Answer from what we know; then offer a person, or go back to where we were."""
    tell_topic(draft, topic, understanding)
    if topic.person:
        engine.start(draft, "person")
        engine.run(draft)
    else:
        _after_telling(draft)


def _after_telling(draft: Draft) -> None:
    """Go back to what is under way, or ask what else."""
    if draft.state.stack:
        draft.say(draft.script.flows[_flow_below(draft)].back)
        give_back_floor(draft)
    else:
        carry_on(draft)


def _flow_below(draft: Draft) -> str:
    """The flow whose name the caller would know: the one that called the login."""
    return next((f.flow for f in reversed(draft.state.stack) if not f.called), draft.top.flow)


def _no_request(draft: Draft, understanding: Understanding, *, closing: bool, misses: int) -> None:
    """Nothing was asked for: an answer to "anything else?", small talk, or not understood."""
    best = understanding.intent
    ends = sum(i.score for i in understanding.intents if i.name in _ENDING)
    against = any(i.name == "deny" and i.score >= AGAINST for i in understanding.intents)
    if closing and (best == "goodbye" or (against and (best == "deny" or ends >= SWITCH))):
        draft.reason = "nothing else"
        farewell(draft)
    elif best == "affirm" and draft.paused:
        draft.reason = "back again"  # "okay, go on", after "let me grab a pen"
        once_more(draft)
    elif (best == "affirm" and closing) or draft.script.lexicon.more.search(understanding.text):
        draft.reason = "something else"
        draft.say("what_now", "ask_anything_else")
    elif not understanding.in_scope:
        draft.change(misses=misses)
        out_of_scope(draft, understanding)
    else:
        draft.reason = "nothing that could be done"
        draft.change(misses=misses)
        missed(draft)
