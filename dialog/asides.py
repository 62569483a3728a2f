"""Words about the conversation itself: why do you ask, what does that mean, I'd rather not say."""

from dataclasses import replace

from dialog import engine
from dialog.draft import Draft
from dialog.floor import give_back_floor
from dialog.flow import Choose, Collect, Confirm
from dialog.grounding import words_of
from dialog.misses import OFFER_AFTER, gave_up


def why(draft: Draft) -> None:
    """Say why we ask."""
    key = f"{_asked_with(draft)}_why"
    draft.say(key if draft.has(key) else "why", "help")
    give_back_floor(draft)


def explain(draft: Draft) -> None:
    """Say what a word means: one that was named, what was asked for, or one of the last answer."""
    key = f"{_asked_with(draft)}_what"
    named = _term(draft, draft.text)
    if named is None and draft.has(key):
        draft.say(key, "help")
    elif term := named or _term(draft, " ".join(draft.state.last_said)):
        # "What is the difference between debit and credit cards": both are told.
        compares = draft.script.lexicon.differs.search(draft.text)
        for each in _terms(draft, draft.text) if compares and named else [term]:
            _tell_term(draft, each)
        draft.mark("help")
    else:
        draft.say("what", "help")
    give_back_floor(draft)


def refused(draft: Draft, misses: int) -> None:
    """Say what can be done without an answer; who goes on refusing is offered a person."""
    draft.reason = "would rather not answer"
    draft.change(misses=misses + 1)
    if gave_up(draft):
        return
    step = draft.step
    draft.put_top(replace(draft.top, refused=draft.top.refused + 1))
    if isinstance(step, Collect) and "refuse" in step.instead:
        draft.walk("refuse")
        engine.go(draft, draft.flow.label(step.instead["refuse"]))
        engine.run(draft)
        return
    key = f"{_asked_with(draft)}_without"
    if draft.state.misses >= OFFER_AFTER:
        draft.say("without_person", "offer_person")
    else:
        draft.say(key if draft.has(key) else "without", "help")
    give_back_floor(draft)


def explains_itself(draft: Draft) -> bool:
    """Whether a word was named whose meaning we know."""
    return _term(draft, draft.text) is not None


def _tell_term(draft: Draft, term: str) -> None:
    variants = draft.script.terms[term]
    times = draft.state.said.get(f"term_{term}", 0)
    draft.put(variants[times % len(variants)], f"term_{term}")
    draft.change(said={**draft.state.said, f"term_{term}": times + 1})


def _term(draft: Draft, text: str) -> str | None:
    """The explained term that a text names; the longest where several do."""
    return max(_terms(draft, text), key=len, default=None)


def _terms(draft: Draft, text: str) -> list[str]:
    """The explained terms that a text names, without those that are part of another's name."""
    said = f" {' '.join(words_of(text))} "
    named = [term for term in draft.script.terms if f" {term} " in said or f" {term}s " in said]
    return [term for term in named if not any(term in other for other in named if other != term)]


def _asked_with(draft: Draft) -> str:
    """The reply that the caller was asked with; "" where nothing was asked."""
    match draft.step:
        case Collect(ask=key) | Choose(ask=key) | Confirm(confirm=key):
            return key
    return ""
