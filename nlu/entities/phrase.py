"""What every reader of values is given, and what it gives back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from nlu.locales.locale import Locale
from nlu.text import Token, tokenize
from nlu.understanding import Context, Entity, EntityValue


@lru_cache(maxsize=256)
def _by_first_word(phrases: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    table: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        parts = tuple(token.text for token in tokenize(phrase))
        table.setdefault(parts[0], []).append(parts)
    return table


@dataclass(frozen=True, slots=True)
class Phrase:
    """An utterance cut into tokens, with the language's words and the dialog's context."""

    text: str
    tokens: tuple[Token, ...]
    context: Context
    locale: Locale

    @classmethod
    def of(cls, text: str, context: Context, locale: Locale) -> "Phrase":
        """Cut a text."""
        return cls(text, tuple(tokenize(text)), context, locale)

    def word(self, place: int) -> str:
        """The token's text at a place, or "" outside of the utterance."""
        return self.tokens[place].text if 0 <= place < len(self.tokens) else ""

    def touches(self, place: int) -> bool:
        """True where the token follows the one before it without a space."""
        return 0 < place < len(self.tokens) and (
            self.tokens[place - 1].end == self.tokens[place].start
        )

    def says(self, place: int, words: Iterable[str]) -> int:
        """How many tokens the longest of the phrases takes at a place; 0 where none stands."""
        best = 0
        for parts in _by_first_word(tuple(words)).get(self.word(place), ()):
            said = self.tokens[place : place + len(parts)]
            if len(parts) > best and tuple(token.text for token in said) == parts:
                best = len(parts)
        return best

    def entity(
        self, kind: str, value: EntityValue, first: int, last: int, confidence: float = 1.0
    ) -> Entity:
        """An entity over the tokens from first to before last."""
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        return Entity(kind, value, self.text[start:end], start, end, confidence)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity and its rank: where two overlap, the higher rank stays, then the longer."""

    entity: Entity
    rank: int

    def raised(self, rank: int) -> "Candidate":
        """The same with another rank."""
        return replace(self, rank=rank)


def settle(candidates: Iterable[Candidate]) -> list[Entity]:
    """The entities that do not overlap a better one, in the order of the text."""
    kept: list[Entity] = []
    order = sorted(
        candidates,
        key=lambda item: (-item.rank, item.entity.start - item.entity.end, item.entity.start),
    )
    for candidate in order:
        entity = candidate.entity
        if all(entity.end <= other.start or entity.start >= other.end for other in kept):
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)
