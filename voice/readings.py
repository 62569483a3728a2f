"""From what the decoder gives out to readings that can be trusted.

A decoder that has lost its way repeats itself; a reading is then worth a second, slower look.
"""

import re
import zlib
from collections.abc import Sequence
from math import exp

from voice.transcript import Hypothesis

_MIN_LETTERS_TO_COMPRESS = 24
_MAX_COMPRESSION = 2.4


def distinct(texts: Sequence[str], scores: Sequence[float]) -> tuple[Hypothesis, ...]:
    """Readings that differ in more than case, spacing and punctuation, best first.

    Args:
        texts: The decoder's hypotheses.
        scores: Mean log probability of each one's tokens.
    """
    seen: set[str] = set()
    kept = []
    for text, score in sorted(zip(texts, scores, strict=True), key=lambda pair: -pair[1]):
        words = bare(text)
        if words and words not in seen:
            seen.add(words)
            kept.append(Hypothesis(text=text.strip(), confidence=exp(min(0.0, score))))
    return tuple(kept)


def bare(text: str) -> str:
    """The letters and digits of a text alone: what is left when only spelling varies."""
    return re.sub(r"[\W_]+", "", text.lower())


def repeats(text: str) -> bool:
    """Whether a text says the same over and over, or one thing of 5 letters or digits twice."""
    words = bare(text)
    if len(words) >= _MIN_LETTERS_TO_COMPRESS and _compression(words) > _MAX_COMPRESSION:
        return True
    return (
        re.search(r"(.{5,})\1", words) is not None or re.search(r"(.{2,})\1\1", words) is not None
    )


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))
