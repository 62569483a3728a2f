"""Requests: starting a flow, answering from what we know, and taking up the next one."""

from collections.abc import Sequence
from dataclasses import replace

from dialog import engine
from dialog.checks import CHECKS
from dialog.draft import Draft
from dialog.everywhere import goodbye
from dialog.filling import Filling, fill
from dialog.floor import give_back_floor, what_else
from dialog.flow import WORDS, Call, Flow
from dialog.grounding import AGAINST, HOLDS, QUESTION, SURE, SWITCH, held
from dialog.lines import Topic
from dialog.masking import mask, mask_text
from dialog.misses import missed
from dialog.orders import orders_in
from dialog.reference import resolved
from dialog.rewriting import QUOTED
from dialog.stack import raised, requests_in
from dialog.state import OPEN, Filled
from nlu.understanding import Entity, Quote, ScoredIntent, Understanding

LEAST_VALUES = 2
"""Kinds of value that must be said for a flow to be started by them alone."""

MAX_FLOWS = 6
"""More flows than this under way at once are forgotten, the oldest first."""

STRANGE = 0.5
"""From this share of words that are none on, an utterance was not understood."""

_ALONE = frozenset({"payee", "money"})
"""Values that begin an order alone; a card or an account may be meant for many things."""

_ENDING = ("deny", "goodbye", "refuse")
"""What a caller who wants nothing else may sound like, all together."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def carry_on(draft: Draft) -> None:
    """Take up the next request of the same breath, or ask what else, unless something waits."""
    while _is_free(draft) and draft.state.queue:
        then, *rest = draft.state.queue
        draft.change(queue=tuple(rest))
        request(draft, resolved(draft, then), closing=False)
    if _is_free(draft) and not draft.asked_what:
        what_else(draft)


def _is_free(draft: Draft) -> bool:
    return not draft.state.stack and draft.state.end is None and draft.act is None


def request(draft: Draft, understanding: Understanding, *, closing: bool, misses: int = 0) -> None:
    """Start what was asked for, or tell what is known."""
    wanted = wanted_in(draft, understanding)
    told = bool(wanted) and wanted[0] in draft.script.topics
    unsure = not understanding.intents or understanding.intents[0].score < SURE
    if (not wanted or (told and unsure)) and (name := _wanted_by_values(draft, understanding)):
        draft.reason = f"the values of {name} were said"
        begin(draft, name, understanding)
        return
    if not wanted and _gives_number(understanding):
        draft.reason = "a customer number was given unasked"
        begin(draft, "login", understanding)
        return
    quote = quoted(draft, understanding)
    if quote and (not wanted or _is_surer(draft, quote, understanding)):
        tell_quote(draft, quote)
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


def _wanted_by_values(draft: Draft, understanding: Understanding) -> str | None:
    """The only flow that two values or more belong to, all of them: "forty dollars to Anna"."""
    entities = [entity for entity in understanding.entities if entity.role != "not"]
    kinds = {entity.type for entity in entities}
    fitting = [
        name
        for name, flow in draft.script.flows.items()
        if flow.intents and _orders(flow) and all(takes(flow, entity) for entity in entities)
    ]
    # A flow that calls another one of them asks for more than was said.
    fitting = [name for name in fitting if not _calls_any(draft.script.flows[name], fitting)]
    # A recipient alone is an order where it is told as nothing else: "it's to Anna".
    alone = understanding.intent == "inform" and kinds <= _ALONE
    least = 1 if alone else LEAST_VALUES
    return fitting[0] if len(kinds) >= least and len(fitting) == 1 else None


def _calls_any(flow: Flow, names: Sequence[str]) -> bool:
    return any(isinstance(step, Call) and step.call in names for step in flow.steps)


def _orders(flow: Flow) -> bool:
    """Whether it is an order: a flow that only tells something is asked for in words."""
    return any(slot.critical for slot in flow.slots.values())


def takes(flow: Flow, entity: Entity) -> bool:
    """Whether a flow has a slot for an entity."""
    return any(slot.fits(entity.type, entity.role, asked=False) for slot in flow.slots.values())


def _gives_number(understanding: Understanding) -> bool:
    """Whether a customer number was given before anybody asked for it."""
    digits = (str(e.value) for e in understanding.entities if e.type == "digits")
    return any(CHECKS["customer_number"](text) for text in digits)


def take_in(draft: Draft, understanding: Understanding) -> None:
    """Fill what an earlier request said, now that more is known, into the flows below the top."""
    stack, lexicon = [], draft.script.lexicon
    for frame in draft.state.stack:
        flow = draft.script.flows[frame.flow]
        if not flow.is_secret:
            first, *later = orders_in(flow, understanding, lexicon)
            if later and not draft.state.queue:
                _wait_for_turn(draft, later)
            frame = fill(flow, frame, first, draft.facts, lexicon, asked=None).frame
        stack.append(frame)
    draft.change(stack=tuple(stack))


def wanted_in(draft: Draft, understanding: Understanding) -> list[str]:
    """The requests among the intents that count as meant, best first."""
    sure = [name for name in held(understanding) if draft.script.is_request(name)]
    if sure[:1] == ["identify"] and draft.state.customer_id is not None:
        others = [i.name for i in understanding.intents if i.score >= AGAINST]
        sure = [n for n in others if n != "identify" and draft.script.is_request(n)] or sure
    together = _wanted_together(draft, understanding)
    return [*together, *(name for name in sure if name not in together)]


def _wanted_together(draft: Draft, understanding: Understanding) -> list[str]:
    """The best of the intents that start the same flow, where only together they count, or count
    for more than another that is not sure."""
    best_alone = understanding.intents[0].score if understanding.intents else 0.0
    if best_alone >= SWITCH:
        return []
    sums: dict[str, list[ScoredIntent]] = {}
    for intent in understanding.intents:
        if flow := draft.script.by_intent.get(intent.name):
            sums.setdefault(flow, []).append(intent)
    best = max(sums.values(), key=lambda found: sum(i.score for i in found), default=[])
    outweigh = sum(i.score for i in best)
    others = max((i.score for i in understanding.intents if i not in best), default=0.0)
    return [best[0].name] if outweigh >= HOLDS and len(best) > 1 and outweigh > others else []


def fill_top(draft: Draft, understanding: Understanding, asked: str | None) -> Filling:
    """What an utterance says about the top flow's slots."""
    lexicon = draft.script.lexicon
    return fill(draft.flow, draft.top, understanding, draft.facts, lexicon, asked=asked)


def _queue(draft: Draft, understanding: Understanding, intents: list[str]) -> None:
    """Keep the second request of the same breath for later."""
    flows = draft.script.by_intent
    first = flows.get(intents[0]) if intents else None
    started = flows.get(wanted_in(draft, understanding)[0])
    if first is None or started is None or draft.state.queue:
        return
    if not same_matter(draft, first, started):
        scored = tuple(i for i in understanding.intents if i.name == intents[0])
        shown = mask(understanding, OPEN, draft.script.lexicon)
        later = replace(shown, intents=scored)
        draft.change(queue=(later,))


def same_matter(draft: Draft, one: str, other: str) -> bool:
    """Whether two flows are one, or one calls the other: doing both would do it twice."""
    flows = draft.script.flows
    if not {one, other} <= flows.keys():
        return False
    return one == other or _calls_any(flows[one], [other]) or _calls_any(flows[other], [one])


def begin(draft: Draft, name: str, understanding: Understanding) -> None:
    """Start a flow with all that was said, or go on with it where it is under way."""
    names = {frame.flow for frame in draft.state.stack}
    if name in names:
        resume(draft, name, understanding)
        return
    if len(requests_in(draft.state.stack)) >= MAX_FLOWS:
        draft.change(stack=())
    if draft.state.customer_id is None and not names:
        _remember(draft, understanding)
    engine.start(draft, name)
    first, *later = orders_in(draft.flow, understanding, draft.script.lexicon)
    if later:
        if any(slot.critical for slot in draft.flow.slots.values()):
            draft.say("one_by_one")
        _wait_for_turn(draft, later)
    filling = fill_top(draft, first, None)
    draft.put_top(filling.frame)
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


def _wait_for_turn(draft: Draft, later: Sequence[Understanding]) -> None:
    """Put further orders of the same breath before what waits already, without secrets."""
    shown = tuple(mask(order, OPEN, draft.script.lexicon) for order in later)
    draft.change(queue=(*shown, *draft.state.queue))


def _remember(draft: Draft, understanding: Understanding) -> None:
    """Keep a request, masked, to read it again when the customer's payees are known."""
    shown = mask_text(understanding.text, OPEN, draft.script.lexicon, understanding.entities)
    draft.change(request=shown)


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
        _remember(draft, understanding)
    if draft.top.called:
        draft.mode = "again"
    engine.restart(draft)
    engine.run(draft)
    carry_on(draft)


def quoted(draft: Draft, understanding: Understanding) -> Quote | None:
    """The passage of the bank's documents that is told: where nothing but topics is meant, or, with
    nothing under way, where it answers surely and no request is sure."""
    asked, quote = draft.asked, understanding.quote
    if draft.state.expectation.secret or (asked and draft.flow.takes_words(asked)):
        return None
    meant = {*held(understanding), *wanted_in(draft, understanding)} - draft.script.topics.keys()
    if quote is None or not meant:
        return quote
    requests = [i for i in understanding.intents if i.name in draft.script.by_intent]
    if draft.state.stack or not meant <= {i.name for i in requests}:
        return None
    return quote if quote.score >= QUESTION > sum(i.score for i in requests) else None


def _is_surer(draft: Draft, quote: Quote, understanding: Understanding) -> bool:
    """Whether a document answers more surely than a request is meant, which `quoted` has weighed,
    or than a person would be offered for the topic."""
    best = understanding.intents[0]
    topic = draft.script.topics.get(best.name)
    if topic is None:
        return best.name in draft.script.by_intent
    return topic.person and quote.score > best.score


def tell_quote(draft: Draft, quote: Quote) -> None:
    """Answer with a passage, and go back to what is under way."""
    _quote(draft, quote)
    _after_telling(draft)


def _quote(draft: Draft, quote: Quote) -> None:
    """Say a passage as it stands in its document, and keep where."""
    draft.reason = f"answered from {quote.source} ({quote.score:.2f})"
    draft.put(quote.text, QUOTED)
    draft.mark("tell_knowledge")


def _tell(draft: Draft, topic: Topic, understanding: Understanding) -> None:
    """Answer from what we know; then offer a person, or go back to where we were."""
    aspect = _aspect(topic, understanding)
    if aspect == "default" and (quote := quoted(draft, understanding)):
        _quote(draft, quote)
    else:
        key = f"topic_{topic.topic}"
        times = draft.state.said.get(key, 0)
        draft.put(topic.answers[aspect][times % len(topic.answers[aspect])], key)
        draft.change(said={**draft.state.said, key: times + 1})
    draft.mark(topic.action)
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


def _aspect(topic: Topic, understanding: Understanding) -> str:
    """Which of a topic's answers fits: a weekday, an account or card kind, or the default."""
    for entity in understanding.entities:
        value = entity.value
        name = _DAYS[value.weekday()] if hasattr(value, "weekday") else str(value)
        if name in topic.answers:
            return name
    return "default"


def _no_request(draft: Draft, understanding: Understanding, *, closing: bool, misses: int) -> None:
    """Nothing was asked for: an answer to "anything else?", small talk, or not understood."""
    best = understanding.intent
    ends = sum(i.score for i in understanding.intents if i.name in _ENDING)
    against = any(i.name == "deny" and i.score >= AGAINST for i in understanding.intents)
    if closing and (best == "goodbye" or (against and (best == "deny" or ends >= SWITCH))):
        draft.reason = "nothing else"
        goodbye(draft)
    elif best == "affirm" and closing:
        draft.reason = "something else"
        draft.say("what_now", "ask_anything_else")
    elif not understanding.in_scope:
        draft.change(misses=misses)
        out_of_scope(draft, understanding)
    else:
        draft.reason = "nothing that could be done"
        draft.change(misses=misses)
        missed(draft)


def out_of_scope(draft: Draft, understanding: Understanding) -> None:
    """Say that this is not for us; like a miss, it does not go on for ever, and what is made of no
    words is one."""
    draft.reason = "about nothing we know"
    if draft.state.misses >= 1 or understanding.strange >= STRANGE:
        missed(draft)
        return
    draft.change(misses=draft.state.misses + 1)
    draft.say("out_of_scope", "out_of_scope")
    give_back_floor(draft)
