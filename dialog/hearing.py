"""What an utterance does to a call: an answer, a correction, a request, a digression, or a miss."""

from dataclasses import replace

from dialog import engine
from dialog.closing import carry_on, give_back_floor
from dialog.draft import Draft
from dialog.everywhere import ALWAYS, SMALL_TALK, goodbye
from dialog.filling import Filling, fill
from dialog.flow import Choose, Collect, Confirm
from dialog.grounding import AGAINST, HOLDS, SWITCH, UNCLEAR, held, is_echo, is_plain_yes, words_of
from dialog.misses import missed
from dialog.script import Topic
from nlu.understanding import Understanding

SHORT = 4
"""An answer of this many words or fewer is an answer, whatever else it might be."""

MAX_FLOWS = 6
"""More flows than this under way at once are forgotten, the oldest first."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def heard(draft: Draft, understanding: Understanding, then: tuple[Understanding, ...]) -> None:
    """Decide about an utterance."""
    closing = draft.state.closing
    draft.change(closing=False)
    if not understanding.text.strip() or understanding.confidence < UNCLEAR:
        draft.reason = f"no words that could be trusted ({understanding.confidence:.2f})"
        missed(draft)
        return
    misses = draft.state.misses
    draft.change(misses=0, queue=(*draft.state.queue, *then))
    if not _everywhere(draft, understanding):
        if isinstance(draft.step, Confirm):
            _confirm(draft, draft.step, understanding, misses)
        elif isinstance(draft.step, Collect | Choose):
            _answer(draft, draft.step, understanding, misses)
        else:
            request(draft, understanding, closing=closing, misses=misses)
    if draft.act is None and draft.state.end is None and not draft.said:
        carry_on(draft)


def take_in(draft: Draft, understanding: Understanding) -> None:
    """Fill what an earlier request said, now that more is known, into the flows below the top."""
    stack = []
    for frame in draft.state.stack:
        flow = draft.script.flows[frame.flow]
        if frame.flow != "login":
            lexicon = draft.script.lexicon
            frame = fill(flow, frame, understanding, draft.facts, lexicon, asked=None).frame
        stack.append(frame)
    draft.change(stack=tuple(stack))


def request(draft: Draft, understanding: Understanding, *, closing: bool, misses: int = 0) -> None:
    """Start what was asked for, or tell what is known."""
    wanted = _wanted(draft, understanding)
    if not wanted:
        _no_request(draft, understanding, closing=closing, misses=misses)
        return
    intent, *others = wanted
    draft.reason = f"{intent} was asked for"
    _queue(draft, understanding, others)
    if topic := draft.script.topics.get(intent):
        _tell(draft, topic, understanding)
    else:
        _begin(draft, draft.script.by_intent[intent], understanding)


def _everywhere(draft: Draft, understanding: Understanding) -> bool:
    """Do what may be said at any point; True where it was that."""
    best = understanding.intents[0] if understanding.intents else None
    if best is None or best.score < HOLDS:
        return False
    if _is_secret_answer(draft, understanding):
        return False
    if best.name in ALWAYS:
        draft.reason = f"{best.name} may be said at any point"
        ALWAYS[best.name](draft)
        return True
    others = _wanted(draft, understanding)
    if best.name in SMALL_TALK and not others and not _touches(draft, understanding):
        draft.reason = best.name
        SMALL_TALK[best.name](draft)
        return True
    return False


def _is_secret_answer(draft: Draft, understanding: Understanding) -> bool:
    secret = draft.state.expectation.secret
    return secret and any(entity.type == "digits" for entity in understanding.entities)


def _wanted(draft: Draft, understanding: Understanding) -> list[str]:
    return [name for name in held(understanding) if draft.script.is_request(name)]


def _fill(draft: Draft, understanding: Understanding, asked: str | None) -> Filling:
    lexicon = draft.script.lexicon
    return fill(draft.flow, draft.top, understanding, draft.facts, lexicon, asked=asked)


def _touches(draft: Draft, understanding: Understanding) -> bool:
    if not draft.state.stack:
        return False
    return _fill(draft, understanding, _asked(draft)).touched


def _asked(draft: Draft) -> str | None:
    match draft.step:
        case Collect(collect=slot) | Choose(choose=slot):
            return slot
    return None


def _other_request(draft: Draft, understanding: Understanding) -> bool:
    """Whether something else than the flows under way is asked for, surely enough to switch."""
    if not understanding.intents or understanding.intents[0].score < SWITCH:
        return False
    best = understanding.intents[0].name
    mine = {draft.top.flow}
    return draft.script.is_request(best) and draft.script.by_intent.get(best) not in mine


def _answer(
    draft: Draft, step: Collect | Choose, understanding: Understanding, misses: int
) -> None:
    """An answer to what was asked, or something else."""
    slot = step.collect if isinstance(step, Collect) else step.choose
    filling = _fill(draft, understanding, slot)
    secret = _is_secret_answer(draft, understanding)
    instead = step.instead if isinstance(step, Collect) else {}
    best = understanding.intent or ""
    if not secret and best in instead and not filling.touched:
        draft.reason = f"{best} instead of {slot}"
        engine.go(draft, draft.flow.label(instead[best]))
        engine.run(draft)
        return
    short = filling.touched and len(understanding.text.split()) <= SHORT
    if not secret and not short and _other_request(draft, understanding):
        _switch(draft, understanding)
        return
    if filling.touched or slot in filling.repeated:
        _go_on(draft, filling, slot, misses)
        return
    draft.reason = f"no {slot} in it"
    draft.change(misses=misses)
    draft.put_top(replace(draft.top, unmatched=frozenset()))
    if _is_unknown_name(step, understanding) and misses == 0:
        draft.change(misses=1)
        draft.put_top(replace(draft.top, unmatched=frozenset({slot})))
        engine.run(draft)
        return
    if not understanding.in_scope and draft.state.expectation.kind not in ("payee", "choice"):
        _out_of_scope(draft)
        return
    missed(draft)


def _is_unknown_name(step: Collect | Choose, understanding: Understanding) -> bool:
    """Whether a short answer without an entity is most likely a name that we do not know."""
    named = isinstance(step, Collect) and step.unmatched and not understanding.entities
    plain = understanding.intent in (None, "inform", "correct")
    return bool(named) and plain and len(understanding.text.split()) <= SHORT


def _go_on(draft: Draft, filling: Filling, slot: str, misses: int) -> None:
    """Take what was said and run on; ask again what was heard too badly."""
    draft.put_top(filling.frame)
    draft.secrets = filling.secrets
    if filling.unsure or (filling.unclear and not filling.changed):
        draft.change(misses=misses + 1)
        draft.reason = f"{', '.join(sorted(filling.unsure | filling.unclear))} not sure"
        if _gave_up(draft):
            return
        if filling.unsure:
            draft.say("not_sure")
            draft.mode = "again"
    else:
        draft.reason = f"{', '.join(sorted(filling.changed | filling.secrets.keys()))} heard"
    if filling.changed and slot not in filling.changed | filling.secrets.keys():
        draft.reason += f" instead of {slot}"
    if filling.secrets:
        engine.go(draft, draft.top.at)
    else:
        engine.restart(draft)
    engine.run(draft)
    carry_on_if_done(draft)


def _gave_up(draft: Draft) -> bool:
    from dialog.misses import GIVE_UP_AFTER

    if draft.state.misses < GIVE_UP_AFTER:
        return False
    draft.say("give_up", "hand_over")
    draft.end("transfer")
    return True


def carry_on_if_done(draft: Draft) -> None:
    """Go on with the next request where nothing waits any more."""
    if draft.act is None:
        carry_on(draft)


def _confirm(draft: Draft, step: Confirm, understanding: Understanding, misses: int) -> None:
    """A plain "yes", a correction, a "no", a question, or nothing of these."""
    if _other_request(draft, understanding):
        _switch(draft, understanding)
        return
    asked = "amount" if "amount" in draft.flow.slots else None
    filling = _fill(draft, understanding, None)
    if not filling.touched and asked and understanding.intent in ("correct", "deny", "inform"):
        filling = _fill(draft, understanding, asked)
    if filling.touched:
        _go_on(draft, filling, asked or "", misses)
        draft.reason = f"correction: {draft.reason}"
        return
    best = understanding.intent
    if best == "affirm":
        _affirm(draft, step, understanding)
    elif best == "deny" and understanding.intents[0].score >= HOLDS:
        draft.reason = "declined"
        engine.go(draft, draft.flow.label(step.deny))
        engine.run(draft)
        carry_on_if_done(draft)
    elif best == "correct":
        draft.reason = "a correction without a value"
        draft.say("say_correction", step.action)
    else:
        draft.reason = "neither agreed nor declined"
        draft.change(misses=misses)
        missed(draft)


def _affirm(draft: Draft, step: Confirm, understanding: Understanding) -> None:
    """Go on after a "yes" that counts; else ask again and say why."""
    words = words_of(understanding.text)
    plain = is_plain_yes(understanding, words, draft.script.lexicon.doubt)
    plain = plain and not is_echo(words, draft.state.last_said)
    if step.strict and not (plain and draft.state.audible):
        draft.reason = "a yes that is not plain" if draft.state.audible else "not heard to its end"
        draft.say("not_sure" if draft.state.audible else "not_all_heard", step.action)
        give_back_floor(draft)
        return
    draft.reason = "agreed"
    engine.go(draft, draft.top.at + 1)
    engine.run(draft)
    carry_on_if_done(draft)


def _switch(draft: Draft, understanding: Understanding) -> None:
    """Another request in the middle of a flow: a pending offer of a person is dropped."""
    if draft.top.flow == "person":
        draft.change(stack=draft.state.stack[:-1])
    request(draft, understanding, closing=False)


def _queue(draft: Draft, understanding: Understanding, intents: list[str]) -> None:
    """Keep the second request of the same breath for later."""
    flows = draft.script.by_intent
    first = flows.get(intents[0]) if intents else None
    started = flows.get(_wanted(draft, understanding)[0])
    if intents and first is not None and first != started and not draft.state.queue:
        scored = tuple(i for i in understanding.intents if i.name == intents[0])
        digits = tuple(e for e in understanding.entities if e.type != "digits")
        later = replace(understanding, intents=scored, entities=digits)
        draft.change(queue=(later,))


def _begin(draft: Draft, name: str, understanding: Understanding) -> None:
    """Start a flow with all that was said, or go on with it where it is under way."""
    names = [frame.flow for frame in draft.state.stack]
    if name in names:
        _resume(draft, names.index(name), understanding)
        return
    if len(names) >= MAX_FLOWS:
        draft.change(stack=())
    if draft.state.customer_id is None and not names:
        draft.change(request=understanding.text)
    engine.start(draft, name)
    filling = _fill(draft, understanding, None)
    draft.put_top(filling.frame)
    draft.secrets = filling.secrets if filling.frame.slots else {}
    engine.run(draft)
    carry_on_if_done(draft)


def _resume(draft: Draft, at: int, understanding: Understanding) -> None:
    """Take new values for a flow that is already under way; what lies above it goes on."""
    above = draft.state.stack[at + 1 :]
    draft.change(stack=draft.state.stack[: at + 1])
    draft.put_top(_fill(draft, understanding, None).frame)
    if above and above[0].called:
        draft.change(stack=(*draft.state.stack, *above[:1]))
        draft.mode = "again"
    engine.restart(draft)
    engine.run(draft)
    carry_on_if_done(draft)


def _tell(draft: Draft, topic: Topic, understanding: Understanding) -> None:
    """Answer from what we know; then offer a person, or go back to where we were."""
    variants = topic.answers[_aspect(topic, understanding)]
    key = f"topic_{topic.topic}"
    times = draft.state.said.get(key, 0)
    draft.put(variants[times % len(variants)], key)
    draft.change(said={**draft.state.said, key: times + 1})
    draft.mark(topic.action)
    if topic.person:
        engine.start(draft, "person")
        engine.run(draft)
    elif draft.state.stack:
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
    against = any(i.name == "deny" and i.score >= AGAINST for i in understanding.intents)
    if closing and best == "deny" and against:
        draft.reason = "nothing else"
        goodbye(draft)
    elif best == "affirm" and closing:
        draft.reason = "something else"
        draft.say("what_now", "ask_anything_else")
    elif not understanding.in_scope:
        draft.change(misses=misses)
        _out_of_scope(draft)
    else:
        draft.reason = "nothing that could be done"
        draft.change(misses=misses)
        missed(draft)


def _out_of_scope(draft: Draft) -> None:
    """Say that this is not for us; like a miss, it does not go on for ever."""
    draft.reason = "about nothing we know"
    if draft.state.misses >= 1:
        missed(draft)
        return
    draft.change(misses=draft.state.misses + 1)
    draft.say("out_of_scope", "out_of_scope")
    give_back_floor(draft)
