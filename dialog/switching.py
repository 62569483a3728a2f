"""Another request in the middle of a flow, and values that only sound like one."""

from dataclasses import replace

from dialog.draft import Draft
from dialog.everywhere import ALWAYS
from dialog.filling import Filling
from dialog.grounding import (
    AGAINST,
    SURE,
    SWITCH,
    words_of,
)
from dialog.requests import request
from dialog.telling import quoted
from dialog.wanted import fill_top, same_matter, takes
from nlu.understanding import Entity, Understanding

CERTAIN = 0.9
"""A request from here on is one, though the values beside it are the running flow's."""


def other_request(draft: Draft, understanding: Understanding) -> bool:
    """Whether something else than the flows under way is asked for, surely enough to switch, or
    a question that the bank's documents answer."""
    if quoted(draft, understanding):
        return True
    if not understanding.intents or understanding.intents[0].score < SWITCH:
        return False
    best = understanding.intents[0].name
    mine = {draft.top.flow}
    return draft.script.is_request(best) and draft.script.by_intent.get(best) not in mine


def is_value(draft: Draft, understanding: Understanding, filling: Filling) -> bool:
    """Whether a value is meant for the running flow, though the whole sounds like a request: it is
    nothing but the value, sounds like a correction, too, or not surely like the request, which
    must be surer where the value was asked for, and is given without a question."""
    if not filling.touched:
        return False
    if not understanding.intents:
        return True
    if any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents):
        return True
    if _takes_more(draft, understanding):
        return False
    if understanding.entities and all(e.type == "ordinal" for e in understanding.entities):
        # "Let's finish the transfer first" chooses nothing.
        return _is_bare(draft, understanding)
    best, asks = understanding.intents[0], draft.script.lexicon.question.search(understanding.text)
    answers = draft.asked in filling.changed and not asks
    return (
        best.score < (CERTAIN if answers else SURE)
        or _is_bare(draft, understanding)
        or _is_detail(draft, understanding)
        or _is_only_ours(draft, understanding)
    )


def _takes_more(draft: Draft, understanding: Understanding) -> bool:
    """Whether the request takes all that was said, and the running flow only some of it: "can I
    send Anna twelve dollars", in the middle of a loan's application."""
    best = understanding.intents[0]
    flow = draft.script.flows.get(draft.script.by_intent.get(best.name, ""))
    values = [e for e in understanding.entities if e.role != "not"]
    if flow is None or best.score < SWITCH or not all(takes(flow, e) for e in values):
        return False
    return not all(takes(draft.flow, e) for e in values)


def _is_detail(draft: Draft, understanding: Understanding) -> bool:
    """Whether the request is only another way to ask for the running flow, whose values these are:
    "can we do it on Thursday instead" schedules the transfer that is talked about."""
    script = draft.script
    name = script.by_intent.get(understanding.intents[0].name, "")
    told = name in script.flows and script.flows[name].leads == draft.top.flow
    # "No, the gas bill": of what was read back, and no question.
    told = told and not script.lexicon.question.search(understanding.text)
    return (told or same_matter(script, name, draft.top.flow)) and all(
        takes(draft.flow, entity) for entity in understanding.entities
    )


def _is_only_ours(draft: Draft, understanding: Understanding) -> bool:
    """Whether the values are none for the request, which is not quite sure: "push it to Friday"
    names no planned payment to cancel, "could we make that Thursday" no payment to plan."""
    best = understanding.intents[0]
    flow = draft.script.flows.get(draft.script.by_intent.get(best.name, ""))
    values = [e for e in understanding.entities if e.role != "not"]
    if flow is None or not values:
        return False
    needed = [slot for slot in flow.slots.values() if slot.critical]
    names_none = not any(s.fits(e.type, e.role, asked=False) for s in needed for e in values)
    if needed and names_none and all(takes(draft.flow, entity) for entity in values):
        return True
    return best.score < CERTAIN and not any(takes(flow, entity) for entity in values)


def _is_bare(draft: Draft, understanding: Understanding) -> bool:
    """Whether there are only small words beside the values."""
    return set(words_of(without_values(understanding))) <= draft.script.lexicon.beside


def without_values(understanding: Understanding) -> str:
    """The words beside the values."""
    inside = [(e.start, e.end) for e in understanding.entities]
    return "".join(
        " " if any(start <= at < end for start, end in inside) else letter
        for at, letter in enumerate(understanding.text)
    )


def switch(draft: Draft, understanding: Understanding) -> None:
    """Another request in the middle of a flow: an offer in passing is dropped, "instead" drops
    the flow, and an answer that stands beside the request is kept."""
    if draft.flow.passing:
        draft.change(stack=draft.state.stack[:-1])
    elif draft.script.lexicon.instead.search(understanding.text):
        draft.then = (understanding,)
        ALWAYS["cancel"](draft)
    else:
        _keep_answer(draft, understanding)
    request(draft, understanding, closing=False)


def _keep_answer(draft: Draft, understanding: Understanding) -> None:
    """Fill the slot that was asked for from an utterance that wants something else, too."""
    asked = draft.asked
    kept = tuple(e for e in understanding.entities if not _asks_of(draft, understanding, e))
    filling = fill_top(draft, replace(understanding, entities=kept), asked)
    if asked is None or asked not in filling.changed:
        return
    if filling.frame.slots[asked].entity != "ordinal":
        slots = {**draft.top.slots, asked: filling.frame.slots[asked]}
        draft.put_top(replace(draft.top, slots=slots))


def _asks_of(draft: Draft, understanding: Understanding, entity: Entity) -> bool:
    """Whether a value is what the other request is about: "the interest rate on savings"."""
    wanted = understanding.intents[0].name if understanding.intents else ""
    if topic := draft.script.topics.get(wanted):
        return str(entity.value) in topic.answers
    flow = draft.script.flows.get(draft.script.by_intent.get(wanted, ""))
    return flow is not None and takes(flow, entity)
