"""Answering from what we know: a topic, or a passage of the bank's documents."""

from dialog.draft import Draft
from dialog.grounding import QUESTION, held
from dialog.lines import Topic
from dialog.rewriting import QUOTED
from dialog.wanted import LEAST_VALUES, takes, wanted_in
from nlu.understanding import Quote, Understanding

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def quoted(draft: Draft, understanding: Understanding) -> Quote | None:
    """The passage of the bank's documents that is told: where nothing but topics is meant, or, with
    nothing under way, where it answers surely and no request is sure."""
    asked, quote = draft.asked, understanding.quote
    if draft.state.expectation.secret or (asked and draft.flow.takes_words(asked)):
        return None
    meant = {*held(understanding), *wanted_in(draft, understanding)} - draft.script.topics.keys()
    if quote is None or not meant:
        return quote
    if _is_detailed(draft, understanding):
        return None
    requests = [i for i in understanding.intents if i.name in draft.script.by_intent]
    if draft.state.stack or not meant <= {i.name for i in requests}:
        return None
    return quote if quote.score >= QUESTION > sum(i.score for i in requests) else None


def _is_detailed(draft: Draft, understanding: Understanding) -> bool:
    """Whether a request is meant with two kinds of value or more for it: "what would five thousand
    over three years cost me" wants these reckoned."""
    flow = draft.script.flows.get(draft.script.by_intent.get(understanding.intent or "", ""))
    kinds = {e.type for e in understanding.entities if flow is not None and takes(flow, e)}
    return len(kinds) >= LEAST_VALUES


def is_surer(draft: Draft, quote: Quote, understanding: Understanding) -> bool:
    """Whether a document answers more surely than a request is meant, which `quoted` has weighed,
    or than a person would be offered for the topic."""
    best = understanding.intents[0]
    topic = draft.script.topics.get(best.name)
    if topic is None:
        return best.name in draft.script.by_intent
    return topic.person and quote.score > best.score


def tell_passage(draft: Draft, quote: Quote) -> None:
    """Say a passage as it stands in its document, and keep where."""
    draft.reason = f"answered from {quote.source} ({quote.score:.2f})"
    draft.put(quote.text, QUOTED)
    draft.mark("tell_knowledge")


def tell_topic(draft: Draft, topic: Topic, understanding: Understanding) -> None:
    """Say what we know of a topic: a passage where it says more than the topic's default."""
    aspect = _aspect(topic, understanding)
    if aspect == "default" and (quote := quoted(draft, understanding)):
        tell_passage(draft, quote)
    else:
        key = f"topic_{topic.topic}"
        times = draft.state.said.get(key, 0)
        draft.put(topic.answers[aspect][times % len(topic.answers[aspect])], key)
        draft.change(said={**draft.state.said, key: times + 1})
    draft.mark(topic.action)


def _aspect(topic: Topic, understanding: Understanding) -> str:
    """Which of a topic's answers fits: a weekday, an account or card kind, or the default."""
    for entity in understanding.entities:
        value = entity.value
        name = _DAYS[value.weekday()] if hasattr(value, "weekday") else str(value)
        if name in topic.answers:
            return name
    return "default"
