"""Plain yes and plain no, exactly: money moves on a yes.

A plain answer is made of phrases of one kind and of politeness, and of nothing else. A yes with
anything beside it ("yes but make it fifty") is not plain, and no yes survives a negation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nlu.locales.locale import AnswerWords
from nlu.text import tokenize
from nlu.understanding import ScoredIntent

PLAIN = 0.98
"""Score of a plain answer."""
CAPPED = 0.3
"""The most that an answer keeps where the text holds its opposite or more than itself."""

AFFIRM, DENY = "affirm", "deny"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the words of an utterance say for and against.

    Attributes:
        affirms: It opens with assent (a plain answer: assent stands in it).
        denies: The same of refusal.
        negated: A negation stands in it, in whatever phrase.
        plain: Nothing but such phrases and politeness stands in it.
        asks: It ends in a question mark: "right?" asks for assent and gives none.
    """

    affirms: bool
    denies: bool
    negated: bool
    plain: bool
    asks: bool = False

    @property
    def is_yes(self) -> bool:
        """A plain yes."""
        stands_against = self.denies or self.negated or self.asks
        return self.plain and self.affirms and not stands_against

    @property
    def is_no(self) -> bool:
        """A plain no."""
        return self.plain and self.denies and not self.affirms


def read_answer(text: str, words: AnswerWords, *, asked: bool = True) -> Answer:
    """Read the text phrase by phrase from its start, the longest phrase first.

    Words further in are no answer: "what's a good recipe" says no yes.

    Args:
        text: What was said.
        words: Of the language.
        asked: Whether an answer is waited for, so that "block it" agrees and asks for nothing.
    """
    said = [token.text for token in tokenize(text) if token.is_word or token.is_digits]
    phrases = _phrases(words, asked=asked)
    kinds: set[str] = set()
    place = 0
    while place < len(said):
        kind, length = _longest(said, place, phrases)
        if kind is None:
            break
        kinds.add(kind)
        place += length
    affirms, denies = AFFIRM in kinds, DENY in kinds
    plain = _is_made_of(said, phrases) or _is_made_of(_smoothed(said, words), phrases)
    negated = any(_negates(word, words) for word in said)
    asks = text.rstrip().endswith("?")
    return Answer(affirms, denies, negated, plain and (affirms or denies), asks)


def weigh(intents: Sequence[ScoredIntent], answer: Answer) -> list[ScoredIntent]:
    """Intents with assent and refusal set as the words have them, best first."""
    if answer.is_yes or answer.is_no:
        winner = AFFIRM if answer.is_yes else DENY
        rest = [
            replace(intent, score=intent.score * (1 - PLAIN))
            for intent in intents
            if intent.name != winner
        ]
        return [ScoredIntent(winner, PLAIN), *_ordered(rest)]
    weighed = [_capped(intent, answer) for intent in intents]
    if answer.affirms and not any(intent.name == AFFIRM for intent in weighed):
        weighed.append(ScoredIntent(AFFIRM, CAPPED))
    return _ordered(weighed)


def _capped(intent: ScoredIntent, answer: Answer) -> ScoredIntent:
    """Assent that is not plain is never the best; nor is refusal beside assent."""
    if intent.name == AFFIRM:
        floor = CAPPED if answer.affirms else 0.0
        return ScoredIntent(AFFIRM, max(floor, min(intent.score, CAPPED)))
    if intent.name == DENY and answer.affirms:
        floor = CAPPED if answer.denies or answer.negated else 0.0
        return ScoredIntent(DENY, max(floor, min(intent.score, CAPPED)))
    return intent


def _ordered(intents: Iterable[ScoredIntent]) -> list[ScoredIntent]:
    return sorted(intents, key=lambda intent: -intent.score)


def _negates(word: str, words: AnswerWords) -> bool:
    return word in words.negations or word.endswith(words.negation_endings)


def _longest(
    said: Sequence[str], place: int, phrases: dict[tuple[str, ...], str]
) -> tuple[str | None, int]:
    for length in range(min(8, len(said) - place), 0, -1):
        kind = phrases.get(tuple(said[place : place + length]))
        if kind is not None:
            return kind, length
    return None, 0


def _is_made_of(said: Sequence[str], phrases: dict[tuple[str, ...], str]) -> bool:
    """True where the words can be cut into known phrases without a rest, in whatever way."""
    reached = {0}
    for start in range(len(said)):
        if start in reached:
            ends = range(start + 1, min(start + 8, len(said)) + 1)
            reached.update(end for end in ends if tuple(said[start:end]) in phrases)
    return len(said) in reached


def _smoothed(said: Sequence[str], words: AnswerWords) -> list[str]:
    """Without noise and what was begun twice: "yeah that's uh that's right"."""
    kept: list[str] = []
    for word in said:
        if word not in words.hesitations and (not kept or kept[-1] != word):
            kept.append(word)
    return kept


def _phrases(words: AnswerWords, *, asked: bool) -> dict[tuple[str, ...], str]:
    agrees = words.agreed if asked else words.affirm
    return _tabled(agrees, words.deny, words.beside)


@lru_cache(maxsize=8)
def _tabled(
    affirm: tuple[str, ...], deny: tuple[str, ...], polite: tuple[str, ...]
) -> dict[tuple[str, ...], str]:
    table: dict[tuple[str, ...], str] = {}
    for kind, group in (("polite", polite), (AFFIRM, affirm), (DENY, deny)):
        for phrase in group:
            table[tuple(token.text for token in tokenize(phrase) if token.is_word)] = kind
    return table
