"""How likely callers of a bank put it in these words: a trigram model of the corpus.

The recogniser's readings of a noisy line are often equally likely by their sound ("I need a new
car", "I need a new card"). This weighs them by wording alone: all number words are one to it, and
so are the names of payees, so it cannot prefer one amount or one payee to another.
Interpolated absolute discounting (Ney, Essen and Kneser, 1994).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np

from nlu.errors import ModelFileError
from nlu.locales.locale import NumberWords
from nlu.text import tokenize

PHRASING_FILE = "phrasing.npz"
NUMBER, NAME = "#", "@"
"""What stands for any number word or digits, and for any word of a payee's name."""

_BEGIN, _END = "<", ">"
_DISCOUNT = 0.75
_UNSEEN = 1 / 50_000
"""Probability of a word that is not in the corpus: one of a speaker's vocabulary."""

Gram = tuple[str, ...]


def phrased(text: str, numbers: NumberWords, names: Collection[str] = ()) -> Gram:
    """The words of a text in lower case, numbers and names as one class each.

    Args:
        text: What was said.
        numbers: Number words of the language.
        names: Words of names, in lower case.
    """
    words = [token.text for token in tokenize(text) if token.is_word or token.is_digits]
    return tuple(_class(word, numbers, names) for word in words)


def _class(word: str, numbers: NumberWords, names: Collection[str]) -> str:
    if word[0].isdigit() or any(word in kind for kind in _kinds(numbers)):
        return NUMBER
    return NAME if word in names else word


def _kinds(numbers: NumberWords) -> tuple[Collection[str], ...]:
    counted = (numbers.units, numbers.teens, numbers.tens, numbers.scales, numbers.ordinals)
    return (*counted, numbers.hundred, numbers.zeros, numbers.repeats)


@dataclass(frozen=True, slots=True, eq=False)
class Phrasing:
    """Counts of what callers say.

    Attributes:
        counts: How often each run of one, two and three words stands in the corpus.
        before: By the words that come before: how often they do, and how many words follow.
    """

    counts: dict[Gram, int]
    before: dict[Gram, tuple[int, int]]

    @classmethod
    def of(cls, trigrams: "Counter[Gram]") -> "Phrasing":
        """From runs of three words, of which the shorter ones follow."""
        counts: Counter[Gram] = Counter()
        for gram, count in trigrams.items():
            for start in range(3):
                counts[gram[start:]] += count
        follow: dict[Gram, tuple[int, int]] = {}
        for gram, count in counts.items():
            seen, kinds = follow.get(gram[:-1], (0, 0))
            follow[gram[:-1]] = (seen + count, kinds + 1)
        return cls(dict(counts), follow)

    def log_likelihood(self, words: Sequence[str]) -> float:
        """Natural logarithm of the probability that a caller says these words and no more."""
        return sum(log(self._probability(gram)) for gram in trigrams_of(words))

    def _probability(self, gram: Gram) -> float:
        if not gram:
            return _UNSEEN
        shorter = self._probability(gram[1:])
        seen, kinds = self.before.get(gram[:-1], (0, 0))
        if not seen:
            return shorter
        own = max(self.counts.get(gram, 0) - _DISCOUNT, 0.0)
        return (own + _DISCOUNT * kinds * shorter) / seen

    def save(self, folder: Path) -> None:
        """Write the runs of three words beside the other models of a folder."""
        runs = sorted(gram for gram in self.counts if len(gram) == 3)
        words = sorted({word for gram in runs for word in gram})
        places = {word: place for place, word in enumerate(words)}
        np.savez_compressed(
            folder / PHRASING_FILE,
            words=np.frombuffer("\n".join(words).encode(), np.uint8),
            runs=np.array([[places[word] for word in gram] for gram in runs], np.uint16),
            counts=np.array([self.counts[gram] for gram in runs], np.uint16),
        )

    @classmethod
    def load(cls, folder: Path) -> "Phrasing":
        """Read what `save` wrote.

        Raises:
            ModelFileError: The file is missing or damaged.
        """
        path = folder / PHRASING_FILE
        try:
            with np.load(path, allow_pickle=False) as kept:
                words = kept["words"].tobytes().decode().split("\n")
                runs, counts = kept["runs"].tolist(), kept["counts"].tolist()
            grams = (tuple(words[place] for place in run) for run in runs)
            return cls.of(Counter(dict(zip(grams, counts, strict=True))))
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise ModelFileError(f"{path}: {error}; run `tellerline nlu train` again") from error


def trigrams_of(words: Sequence[str]) -> list[Gram]:
    """Every run of three words, from before the first to behind the last."""
    row = (_BEGIN, _BEGIN, *words, _END)
    return [row[start : start + 3] for start in range(len(row) - 2)]
