"""What an utterance does to a call: an answer, a correction, a request, a digression, or a miss."""

from dataclasses import replace

from dialog import engine, menus
from dialog.afterwards import afterwards
from dialog.asides import refused
from dialog.corrections import corrected, is_kept
from dialog.draft import Draft
from dialog.everywhere import ALWAYS, SMALL_TALK
from dialog.filling import Filling, fill
from dialog.floor import give_back_floor
from dialog.flow import WORDS, Choose, Collect, Confirm
from dialog.grounding import (
    AGAINST,
    HOLDS,
    SURE,
    SWITCH,
    UNCLEAR,
    is_echo,
    is_plain_yes,
    words_of,
)
from dialog.languages import is_foreign, other_language
from dialog.masking import mask
from dialog.misses import gave_up, missed
from dialog.requests import carry_on, fill_top, out_of_scope, request, wanted_in
from dialog.state import OPEN, Filled, Offered
from nlu.understanding import ScoredIntent, Understanding

LEAST_DIGITS = 3
"""Fewer digits than this are no answer to a secret question: "one moment"."""

DRASTIC = frozenset({"goodbye", "start_over"})
"""These throw away what is under way, so that they must be as sure as a switch."""

SHORT = 4
"""An answer of this many words or fewer is an answer, whatever else it might be."""


def heard(draft: Draft, understanding: Understanding, then: tuple[Understanding, ...]) -> None:
    """Decide about an utterance."""
    closing, offer = draft.state.closing, _offer(draft, understanding)
    draft.change(closing=False, offered=())
    if not draft.state.stack:
        draft.change(expectation=OPEN)
    if not understanding.text.strip() or understanding.confidence < UNCLEAR:
        draft.reason = f"no words that could be trusted ({understanding.confidence:.2f})"
        missed(draft)
        return
    misses = draft.state.misses
    draft.change(misses=0)
    draft.text, draft.then = understanding.text, then
    if _tells(draft, understanding):
        _take_words(draft, understanding)
    elif _is_secret_answer(draft, understanding) or not _beside_the_flow(
        draft, understanding, offer
    ):
        _leave_offer(draft, understanding)
        draft.change(queue=(*draft.state.queue, *then))
        if isinstance(draft.step, Confirm):
            _confirm(draft, draft.step, understanding, misses)
        elif isinstance(draft.step, Collect | Choose):
            _answer(draft, draft.step, understanding, misses)
        else:
            request(draft, understanding, closing=closing, misses=misses)
    elif then and draft.state.end is None:
        _take_up(draft, then)
    if draft.act is None and draft.state.end is None and not draft.said:
        carry_on(draft)


def _tells(draft: Draft, understanding: Understanding) -> bool:
    """Whether the caller tells something in their own words, as they were asked to.

    A short answer is none if it is a request of its own: "cancel", "speak to a person".
    """
    asked = _asked(draft)
    if asked is None or not draft.flow.takes_words(asked):
        return False
    if len(understanding.text.split()) > SHORT:
        return True
    best = understanding.intent
    return (
        best not in ALWAYS
        and best not in ("refuse", "deny")
        and not _other_request(draft, understanding)
    )


def _take_words(draft: Draft, understanding: Understanding) -> None:
    """Fill the asked slot with what was said, secrets masked."""
    slot = _asked(draft) or ""
    shown = mask(understanding, draft.state.expectation, draft.script.lexicon).text
    slots = {**draft.top.slots, slot: Filled(shown, WORDS, understanding.confidence)}
    draft.put_top(replace(draft.top, slots=slots))
    draft.reason = f"{slot} told"
    engine.restart(draft)
    engine.run(draft)
    carry_on(draft)


def _beside_the_flow(
    draft: Draft, understanding: Understanding, offer: tuple[Offered, ...]
) -> bool:
    """What needs no flow, or one that has ended; True where it was that."""
    if is_foreign(understanding.text, draft.script.lexicon):
        other_language(draft)
        return True
    return (
        menus.chosen(draft, understanding, offer)
        or menus.offered(draft, understanding)
        or afterwards(draft, understanding)
        or _everywhere(draft, understanding)
    )


def _offer(draft: Draft, understanding: Understanding) -> tuple[Offered, ...]:
    """The choice that was just offered; a correction may still choose anew."""
    asked = not draft.state.stack and draft.state.expectation.kind == "choice"
    return draft.state.offered if asked or understanding.intent == "correct" else ()


def _take_up(draft: Draft, then: tuple[Understanding, ...]) -> None:
    """Go on with the wish that followed in the same breath ("forget that, what's my balance")."""
    first, *later = then
    draft.change(queue=(*later, *draft.state.queue))
    request(draft, first, closing=False)


def _leave_offer(draft: Draft, understanding: Understanding) -> None:
    """Drop an offer in passing where the caller goes on with what lies below it."""
    below = draft.state.stack[:-1]
    if not below or not draft.flow.passing:
        return
    frame, lexicon = below[-1], draft.script.lexicon
    flow = draft.script.flows[frame.flow]
    step = flow.steps[frame.at]
    asked = step.collect if isinstance(step, Collect) else None
    if fill(flow, frame, understanding, draft.facts, lexicon, asked=asked).touched:
        draft.change(stack=below)


def _everywhere(draft: Draft, understanding: Understanding) -> bool:
    """Do what may be said at any point; True where it was that."""
    best = understanding.intents[0] if understanding.intents else None
    if draft.state.stack and draft.script.lexicon.dropped_last.search(draft.text):
        best = ScoredIntent("cancel", 1.0)
    if best is None or best.score < HOLDS:
        return False
    if best.name == "cancel" and is_kept(draft, understanding):
        return False
    corrects = any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents)
    if corrects and draft.state.stack and best.score < SWITCH and best.name != "cancel":
        return False
    if best.name in DRASTIC and draft.state.stack and best.score < SWITCH:
        return False
    if best.name == "agent" and best.score < SWITCH and wanted_in(draft, understanding):
        return False
    if best.name == "wait" and _touches(draft, understanding):
        return False
    if best.name in ALWAYS:
        draft.reason = f"{best.name} may be said at any point"
        ALWAYS[best.name](draft)
        return True
    others = wanted_in(draft, understanding)
    if best.name in SMALL_TALK and not others and not _touches(draft, understanding):
        draft.reason = best.name
        SMALL_TALK[best.name](draft)
        return True
    return False


def _is_secret_answer(draft: Draft, understanding: Understanding) -> bool:
    secret = draft.state.expectation.secret
    return secret and any(
        entity.type == "digits" and len(str(entity.value)) >= LEAST_DIGITS
        for entity in understanding.entities
    )


def _touches(draft: Draft, understanding: Understanding) -> bool:
    if not draft.state.stack:
        return False
    return fill_top(draft, understanding, _asked(draft)).touched


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
    filling = fill_top(draft, understanding, slot)
    secret = _is_secret_answer(draft, understanding)
    instead = step.instead if isinstance(step, Collect) else {}
    best = understanding.intent or ""
    if not secret and best in instead and not filling.touched:
        draft.reason = f"{best} instead of {slot}"
        draft.put_top(replace(draft.top, refused=draft.top.refused + (best == "refuse")))
        engine.go(draft, draft.flow.label(instead[best]))
        engine.run(draft)
        carry_on(draft)
        return
    if not secret and not filling.changed and corrected(draft, understanding):
        return
    mine = _is_value(draft, understanding, filling)
    if not secret and not mine and _other_request(draft, understanding):
        _switch(draft, understanding)
        return
    if filling.touched or slot in filling.repeated:
        _go_on(draft, filling, slot, misses)
        return
    draft.reason = f"no {slot} in it"
    if not secret and best in wanted_in(draft, understanding):
        _switch(draft, understanding)
        return
    if best in ("refuse", "deny") and understanding.intents[0].score >= HOLDS:
        refused(draft, misses)
        carry_on(draft)
        return
    draft.change(misses=misses)
    draft.put_top(replace(draft.top, unmatched=frozenset()))
    if _is_unknown_name(draft, step, understanding) and misses == 0:
        draft.change(misses=1)
        draft.put_top(replace(draft.top, unmatched=frozenset({slot})))
        engine.run(draft)
        return
    if not understanding.in_scope and draft.state.expectation.kind not in ("payee", "choice"):
        out_of_scope(draft)
        return
    missed(draft)


def _is_unknown_name(draft: Draft, step: Collect | Choose, understanding: Understanding) -> bool:
    """Whether a short answer without an entity is most likely a name that we do not know."""
    if not isinstance(step, Collect) or "payee" not in draft.flow.slots[step.collect].takes:
        return False
    plain = understanding.intent in (None, "inform", "correct")
    short = len(understanding.text.split()) <= SHORT
    return bool(step.unmatched) and not understanding.entities and plain and short


def _go_on(draft: Draft, filling: Filling, slot: str, misses: int) -> None:
    """Take what was said and run on; ask again what was heard too badly."""
    known = draft.top.slots
    corrects = any(name in known for name in filling.changed)
    draft.put_top(replace(filling.frame, before=known) if corrects else filling.frame)
    draft.secrets = filling.secrets
    if filling.unsure or (filling.unclear and not filling.changed):
        draft.change(misses=misses + 1)
        draft.reason = f"{', '.join(sorted(filling.unsure | filling.unclear))} not sure"
        if gave_up(draft):
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
    carry_on(draft)


def _confirm(draft: Draft, step: Confirm, understanding: Understanding, misses: int) -> None:
    """A plain "yes", a correction, a "no", a question, or nothing of these."""
    asked = "amount" if "amount" in draft.flow.slots else None
    filling = fill_top(draft, understanding, None)
    if not filling.touched and asked and understanding.intent in ("correct", "deny", "inform"):
        filling = fill_top(draft, understanding, asked)
    if not filling.changed and corrected(draft, understanding):
        return
    if _other_request(draft, understanding) and not _is_value(draft, understanding, filling):
        _switch(draft, understanding)
        return
    if filling.touched:
        _go_on(draft, filling, asked or "", misses)
        draft.reason = f"correction: {draft.reason}"
        return
    best = understanding.intent
    if best in ("affirm", "deny") and _contradicts_itself(draft, understanding):
        draft.reason = "a yes and a no"
        draft.say("not_sure", step.action)
        give_back_floor(draft)
    elif best == "affirm":
        _affirm(draft, step, understanding)
    elif best == "deny" and draft.script.lexicon.mistaken.search(understanding.text):
        _what_to_change(draft, step, misses)
    elif best == "refuse" and understanding.intents[0].score >= HOLDS:
        refused(draft, misses)
    elif best == "deny" and understanding.intents[0].score >= HOLDS:
        draft.reason = "declined"
        engine.go(draft, draft.flow.label(step.deny))
        engine.run(draft)
        carry_on(draft)
    elif filling.repeated or best == "keep":
        draft.reason = "as it was read back"
        give_back_floor(draft)
    elif best == "correct":
        _what_to_change(draft, step, misses)
    else:
        draft.reason = "neither agreed nor declined"
        draft.change(misses=misses)
        missed(draft)


def _is_value(draft: Draft, understanding: Understanding, filling: Filling) -> bool:
    """Whether a value is meant for the running flow, though the whole sounds like a request: it is
    nothing but the value, sounds like a correction, too, or not surely like the request."""
    if not filling.touched:
        return False
    if not understanding.intents:
        return True
    if any(i.name == "correct" and i.score >= AGAINST for i in understanding.intents):
        return True
    return understanding.intents[0].score < SURE or _is_bare(draft, understanding)


def _is_bare(draft: Draft, understanding: Understanding) -> bool:
    """Whether there are only small words beside the values."""
    inside = [(e.start, e.end) for e in understanding.entities]
    text = "".join(
        " " if any(start <= at < end for start, end in inside) else letter
        for at, letter in enumerate(understanding.text)
    )
    return set(words_of(text)) <= draft.script.lexicon.beside


def _contradicts_itself(draft: Draft, understanding: Understanding) -> bool:
    words = set(words_of(understanding.text))
    return bool(draft.script.lexicon.yes & words and draft.script.lexicon.no & words)


def _what_to_change(draft: Draft, step: Confirm, misses: int) -> None:
    """Ask what should be different; a second time in a row it is a miss."""
    draft.reason = "a correction without a value"
    draft.change(misses=misses)
    if misses:
        missed(draft)
        return
    draft.change(misses=1)
    draft.say("say_correction", step.action)


def _affirm(draft: Draft, step: Confirm, understanding: Understanding) -> None:
    """Go on after a "yes" that counts; else ask again and say why."""
    words = words_of(understanding.text)
    plain = is_plain_yes(understanding, words, draft.script.lexicon.doubt)
    plain = plain and not is_echo(words, draft.state.last_said[-1:])
    plain = plain and not _names_other_number(draft, understanding)
    if step.strict and not (plain and draft.state.audible):
        draft.reason = "a yes that is not plain" if draft.state.audible else "not heard to its end"
        draft.say("not_sure" if draft.state.audible else "not_all_heard", step.action)
        give_back_floor(draft)
        return
    draft.reason = "agreed"
    engine.go(draft, draft.top.at + 1)
    engine.run(draft)
    carry_on(draft)


def _names_other_number(draft: Draft, understanding: Understanding) -> bool:
    """Whether a bare number beside a "yes" is another one than the amount that was read back."""
    return "amount" in draft.flow.slots and fill_top(draft, understanding, "amount").touched


def _keep_answer(draft: Draft, understanding: Understanding) -> None:
    """Fill the slot that was asked for from an utterance that wants something else, too."""
    asked = _asked(draft)
    filling = fill_top(draft, understanding, asked)
    if asked is None or asked not in filling.changed:
        return
    if filling.frame.slots[asked].entity != "ordinal":
        slots = {**draft.top.slots, asked: filling.frame.slots[asked]}
        draft.put_top(replace(draft.top, slots=slots))


def _switch(draft: Draft, understanding: Understanding) -> None:
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
