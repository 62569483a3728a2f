"""From what the decoder gives out to readings that can be weighed against each other.

A decoder's own token probabilities hardly tell a right number from a wrong one. How much of the
n-best list means the same value tells more; which values the readings hold is for the
understander to say, so each reading carries its share of the list's probability.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from voice.transcript import Hypothesis

LOST = 0.5
"""What the confidence of a reading that repeats itself or does not end is multiplied by."""

_MIN_LETTERS_TO_COMPRESS = 24
_MAX_COMPRESSION = 2.4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hypothesis of the decoder: mean log probability and number of its tokens."""

    text: str
    score: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass of the decoder gave.

    Attributes:
        hypotheses: Distinct texts, best first; their shares add up to 1.
        no_speech: The decoder's own probability that nobody spoke.
        is_lost: The decoder repeated itself or did not come to an end.
    """

    hypotheses: tuple[Hypothesis, ...]
    no_speech: float
    is_lost: bool

    @property
    def confidence(self) -> float:
        """Of the best hypothesis; 0 where there is none."""
        return self.hypotheses[0].confidence if self.hypotheses else 0.0


NOTHING = Reading((), 0.0, is_lost=False)


def read(
    candidates: Sequence[Candidate],
    *,
    no_speech: float,
    ran_out: bool,
    digits: Mapping[str, str] | None = None,
) -> Reading:
    """Rank the decoder's hypotheses: by mean token probability, each with its share of the whole.

    Args:
        candidates: The n-best list.
        no_speech: See `Reading`.
        ran_out: The decoder was stopped in mid-sentence.
        digits: Digit words, which may be said several times in a row.
    """
    worded = sorted((c for c in candidates if bare(c.text)), key=lambda each: -each.score)
    masses = [exp(each.score * each.tokens) for each in worded]
    whole = sum(masses) or 1.0
    hypotheses = distinct(
        [
            Hypothesis(each.text, exp(min(0.0, each.score)), mass / whole)
            for each, mass in zip(worded, masses, strict=True)
        ]
    )
    lost = ran_out or any(repeats(each.text, digits or {}) for each in hypotheses[:1])
    return Reading(hypotheses, no_speech, lost)


def together(first: Reading, other: Reading) -> Reading:
    """Two readings of the same sound as one; the first's best stays the best."""
    if not other.hypotheses or other.is_lost:
        return first
    if not first.hypotheses or first.is_lost:
        return other
    both = [replace(each, share=each.share / 2) for each in (*first.hypotheses, *other.hypotheses)]
    return replace(first, hypotheses=distinct(both))


def doubted(reading: Reading) -> Reading:
    """The same reading, trusted half as much."""
    hypotheses = tuple(
        replace(each, confidence=LOST * each.confidence) for each in reading.hypotheses
    )
    return replace(reading, hypotheses=hypotheses)


def distinct(hypotheses: Sequence[Hypothesis]) -> tuple[Hypothesis, ...]:
    """The first of those that differ only in case, spacing and final punctuation.

    It gets the shares of the others. "75.3" and "75,3" stay two.
    """
    kept: dict[str, Hypothesis] = {}
    for each in hypotheses:
        key = re.sub(r"\s+", " ", each.text.lower()).strip(" .,!?")
        before = kept.get(key)
        share = each.share + (before.share if before else 0.0)
        kept[key] = replace(before or each, text=(before or each).text.strip(), share=share)
    return tuple(kept.values())


def bare(text: str) -> str:
    """The letters and digits of a text alone: what is left when only spelling varies."""
    return re.sub(r"[\W_]+", "", text.lower())


def repeats(text: str, digits: Mapping[str, str] | None = None) -> bool:
    """Whether a text says the same over and over, or one thing of 5 letters or digits twice.

    Args:
        text: A reading.
        digits: Digit words and their digits: "three three" is 33.
    """
    known = digits or {}
    words = bare(re.sub(r"[a-z]+", lambda word: known.get(word[0], word[0]), text.lower()))
    if len(words) >= _MIN_LETTERS_TO_COMPRESS and _compression(words) > _MAX_COMPRESSION:
        return True
    return bool(re.search(r"(.{5,})\1", words) or re.search(r"(.{2,})\1\1", words))


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))
