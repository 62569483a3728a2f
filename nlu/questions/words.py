"""How many of a question's telling words stand in a passage: rare words tell more (idf)."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlu.locales.locale import Locale
from nlu.text import plain


def stems(text: str, locale: Locale) -> list[str]:
    """The text's words without those that tell nothing, cut to their stems."""
    words = (word for part in plain(text).split() for word in part.split("'"))
    kept = (word.strip("$%") for word in words if word not in locale.questions.idle)
    return [_stem(word, locale.questions.endings) for word in kept if word]


def _stem(word: str, endings: Sequence[str]) -> str:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@dataclass(frozen=True, slots=True, eq=False)
class WordIndex:
    """Which passages hold which words.

    Attributes:
        passages: The stems of each passage.
        locale: Which words tell nothing.
    """

    passages: tuple[frozenset[str], ...]
    locale: Locale
    _places: dict[str, NDArray[np.int_]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Turn it round: the passages of each word."""
        places: dict[str, list[int]] = {}
        for number, words in enumerate(self.passages):
            for word in sorted(words):
                places.setdefault(word, []).append(number)
        object.__setattr__(self, "_places", {w: np.array(p) for w, p in places.items()})

    @classmethod
    def of(cls, texts: Sequence[str], locale: Locale) -> "WordIndex":
        """An index of texts, one for each passage."""
        return cls(tuple(frozenset(stems(text, locale)) for text in texts), locale)

    def shares(self, question: str) -> NDArray[np.float32]:
        """For each passage the share of the question's words in it, weighted: 0 to 1."""
        found = np.zeros(len(self.passages), dtype=np.float32)
        total = 0.0
        for word in Counter(stems(question, self.locale)):
            places = self._places.get(word, np.array([], dtype=int))
            weight = math.log((len(self.passages) + 1) / (len(places) + 0.5))
            found[places] += weight
            total += weight
        return found / total if total else found
