"""Whether an utterance sounds finished by its words: "I want to send" is not, "send it" is.

A logistic model over the last and the first words, hashed. It costs microseconds, needs no
encoder, and sees what a model of the sound cannot: with synthetic callers Smart Turn hardly tells
an end from a pause inside a sentence (docs/decisions/0020-latency.md has the figures).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nlu.errors import ModelFileError
from nlu.text import tokenize

ENDINGS_FILE = "endings.npz"
BUCKETS = 8192
_LONGEST = 12


def words_of(text: str) -> list[str]:
    """The words that count, fillers ("um") included: who says one goes on."""
    return [token.text for token in tokenize(text) if token.is_word or token.is_digits]


def buckets_of(words: Sequence[str]) -> list[int]:
    """The features of an utterance: places of its endings and beginnings among `BUCKETS`."""
    names = [
        *(f"-{count} {' '.join(words[-count:])}" for count in (1, 2, 3)),
        *(f"+{count} {' '.join(words[:count])}" for count in (1, 2)),
        f"# {min(_LONGEST, len(words))}",
    ]
    return [crc32(name.encode()) % BUCKETS for name in names]


@dataclass(frozen=True, slots=True, eq=False)
class Endings:
    """The trained weights: float32, one for each bucket, and a bias."""

    weights: NDArray[np.float32]
    bias: float

    def finished(self, text: str) -> float:
        """The probability, 0 to 1, that nothing more of the sentence comes; 0 without words."""
        words = words_of(text)
        if not words:
            return 0.0
        logit = self.bias + float(self.weights[buckets_of(words)].sum())
        return float(1 / (1 + np.exp(-logit)))

    def save(self, folder: Path) -> None:
        """Write the weights beside the other models of a folder."""
        np.savez(folder / ENDINGS_FILE, weights=self.weights.astype(np.float16), bias=self.bias)

    @classmethod
    def load(cls, folder: Path) -> "Endings":
        """Read what `save` wrote.

        Raises:
            ModelFileError: The file is missing or damaged.
        """
        path = folder / ENDINGS_FILE
        try:
            with np.load(path, allow_pickle=False) as kept:
                weights, bias = kept["weights"].astype(np.float32), float(kept["bias"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelFileError(f"{path}: {error}; run `tellerline nlu train` again") from error
        if weights.shape != (BUCKETS,):
            raise ModelFileError(f"{path}: {weights.shape} weights instead of ({BUCKETS},)")
        return cls(weights, bias)
