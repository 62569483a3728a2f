"""What an utterance does to a call: an answer, a correction, a request, a digression, or a miss."""

from dataclasses import replace

from dialog import menus
from dialog.afterwards import afterwards
from dialog.agreement import confirm
from dialog.answers import SHORT, answer, is_secret_answer
from dialog.anywhere import asking_why, is_needless, said_anywhere, touches, weighed
from dialog.bank.surveys import rates
from dialog.draft import Draft
from dialog.everywhere import ALWAYS
from dialog.farewell import is_rating
from dialog.filling import fill, names_stranger
from dialog.floor import what_else
from dialog.flow import WORDS, Choose, Collect, Confirm
from dialog.grounding import SURE, SWITCH, UNCLEAR
from dialog.languages import is_foreign, other_language
from dialog.masking import mask
from dialog.misses import heard_nothing, missed
from dialog.rating import said_to_rating
from dialog.reference import resolved
from dialog.requests import carry_on, ordered_again, request, rerun, resume
from dialog.stack import requests_in
from dialog.state import OPEN, Filled, Offered
from dialog.switching import other_request
from dialog.wanted import takes, takes_kind
from nlu.text import plain
from nlu.understanding import Understanding

RATED = "survey"
"""The flow that asks how the call was."""

FAREWELL = 8
"""Words in which somebody may give up telling something."""


def heard(draft: Draft, understanding: Understanding, then: tuple[Understanding, ...]) -> None:
    """Decide about an utterance."""
    words, feelings = understanding.text, understanding.feelings
    draft.change(mood=draft.state.mood.after(words, feelings))
    closing = draft.state.closing and not _is_rest(draft, understanding)
    offer = _offer(draft, understanding)
    draft.paused = draft.state.paused
    draft.change(closing=False, paused=False, offered=())
    if not draft.state.stack:
        draft.change(expectation=OPEN)
    if not plain(understanding.text) or understanding.confidence < UNCLEAR:
        draft.reason = f"no words that could be trusted ({understanding.confidence:.2f})"
        missed(draft)
        return
    misses = draft.state.misses
    draft.change(misses=0)
    if is_rating(draft):
        parts = _beside_a_rating(draft, understanding, then)
        if not parts:
            what_else(draft)
            return
        understanding, *later = parts
        then = tuple(later)
    draft.text, draft.then = understanding.text, then
    if draft.state.expectation.secret:
        understanding = asking_why(draft, understanding)
    else:
        understanding = weighed(draft, resolved(draft, understanding))
    if _tells(draft, understanding):
        if _is_rest(draft, understanding) and heard_nothing(draft):
            return
        _take_words(draft, understanding)
    elif is_secret_answer(draft, understanding) or not _beside_the_flow(
        draft, understanding, offer
    ):
        _leave_offer(draft, understanding)
        if _for_another(draft, understanding):
            return
        draft.change(queue=(*draft.state.queue, *then))
        if isinstance(draft.step, Confirm):
            confirm(draft, draft.step, understanding, misses)
        elif isinstance(draft.step, Collect | Choose):
            answer(draft, draft.step, understanding, misses)
        else:
            request(draft, understanding, closing=closing, misses=misses)
    elif then and draft.state.end is None:
        _take_up(draft, then)
    if draft.act is None and draft.state.end is None and not draft.said:
        carry_on(draft)


def _is_rest(draft: Draft, understanding: Understanding) -> bool:
    """Whether one word over an answer of which nothing was heard is the rest of their turn."""
    single = len(understanding.text.split()) == 1
    return draft.before.unheard and not draft.before.misses and single


def _beside_a_rating(
    draft: Draft, understanding: Understanding, then: tuple[Understanding, ...]
) -> tuple[Understanding, ...]:
    """What is said to the question how the call was; without the question where it is a wish
    ("forget it, send ten to Tom"), and nothing where it is neither a wish nor a rating."""
    said = "wish" if then else said_to_rating(draft, understanding)
    if said in ("rating", "aside"):
        return (understanding,)
    draft.reason = f"no rating: {said}"
    draft.change(stack=(), expectation=OPEN)
    return then or (understanding,) if said == "wish" else ()


def _tells(draft: Draft, understanding: Understanding) -> bool:
    """Whether the caller tells something in their own words, as they were asked to.

    A short answer is none if it is a request of its own: "cancel", "speak to a person".
    """
    asked = draft.asked
    if asked is None or not draft.flow.takes_words(asked):
        return False
    best, words = understanding.intent, len(understanding.text.split())
    if is_rating(draft):
        return said_to_rating(draft, understanding) == "rating"
    asks_why = draft.script.lexicon.asks_us_why.match(understanding.text)
    if asks_why or is_needless(draft, understanding) or _is_aside(draft, understanding):
        return False
    if draft.flow.flow == RATED and rates(understanding.text):
        return True
    gives_up = best in ("cancel", "refuse") and understanding.intents[0].score >= SURE
    if words > (FAREWELL if gives_up else SHORT):
        return True
    told = draft.script.lexicon.told.get(f"{draft.top.flow}.{asked}")
    tells = told is not None and told.search(understanding.text) is not None  # "it's about a loan"
    return (
        best not in ALWAYS
        and best not in ("refuse", "deny", "affirm")
        and (tells or _is_matter(draft, understanding) or not other_request(draft, understanding))
    )


def _is_aside(draft: Draft, understanding: Understanding) -> bool:
    """ "Before I forget, send Tom nine dollars": a wish beside what is being told."""
    opens = draft.script.lexicon.aside.match(understanding.text)
    return opens is not None and _is_request(draft, understanding)


def _is_matter(draft: Draft, understanding: Understanding) -> bool:
    """Whether a topic is only named, and not asked about: "my savings rate"."""
    is_topic = understanding.intent in draft.script.topics
    return is_topic and not draft.script.lexicon.question.search(understanding.text)


def _take_words(draft: Draft, understanding: Understanding) -> None:
    """Fill the asked slot with what was said, secrets masked."""
    slot = draft.asked or ""
    shown = mask(understanding, draft.state.expectation, draft.script.lexicon).text
    slots = {**draft.top.slots, slot: Filled(shown, WORDS, understanding.confidence)}
    need = understanding.need.name if understanding.need else draft.top.need
    draft.reason = f"{slot} told"
    rerun(draft, replace(draft.top, slots=slots, need=need))


def _beside_the_flow(
    draft: Draft, understanding: Understanding, offer: tuple[Offered, ...]
) -> bool:
    """What needs no flow, or one that has ended; True where it was that."""
    if is_foreign(understanding.text, draft.script.lexicon):
        other_language(draft)
        return True
    return (
        menus.chosen(draft, understanding, offer)
        or ordered_again(draft, understanding)
        or afterwards(draft, understanding)
        or menus.offered(draft, understanding)
        or said_anywhere(draft, understanding)
    )


def _offer(draft: Draft, understanding: Understanding) -> tuple[Offered, ...]:
    """The choice that was just offered; a correction may still choose anew."""
    asked = not draft.state.stack and draft.state.expectation.kind == "choice"
    return draft.state.offered if asked or understanding.intent == "correct" else ()


def _for_another(draft: Draft, understanding: Understanding) -> bool:
    """Values that only a flow below can take ("right, twenty to Tom", while a card is talked of or
    a number is asked for): that flow is taken up with them; True where there was one. Digits are
    never another slot's where a secret is asked for."""
    best, secret = understanding.intent, draft.state.expectation.secret
    if secret:
        kept = tuple(e for e in understanding.entities if e.type != "digits")
        understanding = replace(understanding, entities=kept)
    values = [e for e in understanding.entities if e.role != "not"]
    kinds = {entity.type for entity in values}
    if secret and names_stranger(understanding, draft.script.lexicon):
        kinds.add("payee")
    if len(draft.state.stack) < 2 or not kinds or best in ("affirm", "deny"):
        return False
    if touches(draft, understanding) or (secret and _is_request(draft, understanding)):
        return False
    called = draft.state.stack[:-1] if secret else ()
    below = called or tuple(frame for *_, frame in requests_in(draft.state.stack)[:-1])
    for frame in reversed(below):
        flow = draft.script.flows[frame.flow]
        fits = all(takes_kind(flow, kind) for kind in kinds) and not flow.passing
        if fits and all(takes(flow, entity) for entity in values):
            draft.reason = f"values for {frame.flow}"
            resume(draft, frame.flow, understanding)
            return True
    return False


def _is_request(draft: Draft, understanding: Understanding) -> bool:
    """Whether something is surely asked for: "what are your savings rates" names no account."""
    best = understanding.intents[0] if understanding.intents else None
    return best is not None and best.score >= SWITCH and draft.script.is_request(best.name)


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
