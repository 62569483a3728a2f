"""Several wishes in one breath: "block my card and what's my balance"."""

from collections.abc import Sequence

from nlu.intents.head import HeadAnswer
from nlu.locales.locale import Locale
from nlu.text import tokenize
from nlu.understanding import ScoredIntent

SURE = 0.6
"""A clause's own wish counts from this probability."""

_LEAST_WORDS = 2
NO_WISH = frozenset(
    {
        "inform",
        "correct",
        "affirm",
        "deny",
        "greet",
        "goodbye",
        "thanks",
        "chitchat",
        "insult",
        "wait",
        "help",
    }
)
"""Intents that no clause adds to another: they come out of cut sentences too easily."""


def split(text: str, locale: Locale) -> list[str]:
    """The clauses of a text; one where nothing divides it, and where all of it is one question."""
    clauses: list[str] = []
    start = 0
    for token in tokenize(text):
        divides = token.text in locale.answers.clauses or token.text in ".?!;,"
        if divides and _is_clause(text[start : token.start]):
            clauses.append(text[start : token.start].strip())
            start = token.end
    rest = text[start:].strip()
    if not rest and len(clauses) > 1 and not text.rstrip().endswith("?"):
        return clauses  # a recogniser ends with a full stop
    if clauses and not _is_clause(rest):
        return [text]
    return [*clauses, rest]


def _is_clause(text: str) -> bool:
    return sum(token.is_word for token in tokenize(text)) >= _LEAST_WORDS


def merge(
    whole: Sequence[ScoredIntent], clauses: Sequence[tuple[HeadAnswer, float]]
) -> list[ScoredIntent]:
    """The whole utterance's intents, raised by the wishes that its clauses are sure of.

    Args:
        whole: Intents of the undivided text, best first.
        clauses: Each clause's answer and the head's scope threshold.

    Returns:
        Best first. Unless at least two clauses wish for different things, the whole stands.
    """
    wishes: dict[str, float] = {}
    for answer, threshold in clauses:
        best = answer.intents[0]
        if best.score >= SURE and answer.scope >= threshold and best.name not in NO_WISH:
            wishes[best.name] = max(best.score, wishes.get(best.name, 0.0))
    if len(wishes) < 2:
        return list(whole)
    merged = {intent.name: intent.score for intent in whole}
    for name, score in wishes.items():
        merged[name] = max(score, merged.get(name, 0.0))
    return sorted(
        (ScoredIntent(name, score) for name, score in merged.items()),
        key=lambda intent: -intent.score,
    )
