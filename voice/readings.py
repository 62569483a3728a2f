"""From what the decoder gives out to readings that can be trusted.

A decoder's own token probabilities hardly tell a right digit string from a wrong one (area under
the curve 0.7 on 92 telephone digit strings). How much of the n-best list agrees on the figures
tells more (0.93), and a second reading under another prompt still more (0.95): see
docs/decisions/0002-recogniser.md.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, sqrt

from voice.transcript import Hypothesis

DISAGREEMENT = 0.5
"""What a doubted reading's confidence is multiplied by: it then falls below any threshold."""

_MIN_LETTERS_TO_COMPRESS = 24
_MAX_COMPRESSION = 2.4
_DIGIT_WORDS = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}


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
        hypotheses: Distinct texts, best first.
        figures: The figures of the best one, "" where it has none.
        share: How much of the n-best probability has the figures (or words) of the best one.
        no_speech: The decoder's own probability that nobody spoke.
        ran_out: The decoder was stopped in mid-sentence.
    """

    hypotheses: tuple[Hypothesis, ...]
    figures: str
    share: float
    no_speech: float
    ran_out: bool

    @property
    def confidence(self) -> float:
        """Of the best hypothesis; 0 where there is none."""
        return self.hypotheses[0].confidence if self.hypotheses else 0.0

    @property
    def is_lost(self) -> bool:
        """Whether the decoder repeated itself or did not come to an end."""
        return self.ran_out or any(repeats(each.text) for each in self.hypotheses[:1])


NOTHING = Reading((), "", 0.0, 0.0, ran_out=False)


def read(
    candidates: Sequence[Candidate], *, digits: bool, no_speech: float, ran_out: bool
) -> Reading:
    """Rank the decoder's hypotheses and say how far each can be trusted.

    Where the best one holds figures, those with the most probable figures come first, and
    confidence is the geometric mean of its mean token probability and its figures' share of the
    n-best list. Otherwise it is the mean token probability alone.

    Args:
        candidates: The n-best list.
        digits: A digit string is expected: "421-7", "4 2 1 7" and "four two one seven" are the
            same, and so is "4.217". Otherwise "500.79" is not "500 79".
        no_speech: See `Reading`.
        ran_out: See `Reading`.
    """
    worded = [each for each in candidates if bare(each.text)]
    if not worded:
        return Reading((), "", 0.0, no_speech, ran_out)
    best = max(worded, key=lambda each: each.score)
    if figures(best.text, digits):
        return _by_figures(worded, digits, no_speech, ran_out)
    ranked = sorted(worded, key=lambda each: -each.score)
    hypotheses = distinct([Hypothesis(each.text, exp(min(0.0, each.score))) for each in ranked])
    share = _shares(worded, [bare(each.text) for each in worded])[bare(best.text)]
    return Reading(hypotheses, "", share, no_speech, ran_out)


def second_opinion(first: Reading, other: Reading) -> Reading:
    """The first reading in the light of another: doubted where their figures differ.

    The other's hypotheses that are new come after its own.
    """
    if not other.hypotheses:
        return first
    both = replace(first, hypotheses=distinct((*first.hypotheses, *other.hypotheses)))
    return both if first.figures == other.figures else doubted(both)


def doubted(reading: Reading) -> Reading:
    """The same reading, trusted half as much."""
    hypotheses = tuple(
        replace(each, confidence=DISAGREEMENT * each.confidence) for each in reading.hypotheses
    )
    return replace(reading, hypotheses=hypotheses)


def distinct(hypotheses: Sequence[Hypothesis]) -> tuple[Hypothesis, ...]:
    """The first of those that differ only in case, spacing and punctuation."""
    kept: dict[str, Hypothesis] = {}
    for each in hypotheses:
        kept.setdefault(bare(each.text), replace(each, text=each.text.strip()))
    return tuple(kept.values())


def bare(text: str) -> str:
    """The letters and digits of a text alone: what is left when only spelling varies."""
    return re.sub(r"[\W_]+", "", text.lower())


def figures(text: str, joined: bool) -> str:
    """The figures of a text, however they are set; "" where it has none.

    Args:
        text: A reading.
        joined: Digits alone, spelled-out ones too; else figures with their decimal points.
    """
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower())
    if not joined:
        return "".join(re.findall(r"\d+(?:\.\d+)?", plain))
    words = re.findall(r"\d|[a-z]+", plain)
    return "".join(word if word.isdigit() else _DIGIT_WORDS.get(word, "") for word in words)


def repeats(text: str) -> bool:
    """Whether a text says the same over and over, or one thing of 5 letters or digits twice."""
    words = bare(text)
    if len(words) >= _MIN_LETTERS_TO_COMPRESS and _compression(words) > _MAX_COMPRESSION:
        return True
    return bool(re.search(r"(.{5,})\1", words) or re.search(r"(.{2,})\1\1", words))


def _by_figures(
    candidates: Sequence[Candidate], digits: bool, no_speech: float, ran_out: bool
) -> Reading:
    keys = [figures(each.text, digits) for each in candidates]
    shares = _shares(candidates, keys)
    ranked = sorted(
        zip(keys, candidates, strict=True), key=lambda pair: (-shares[pair[0]], -pair[1].score)
    )
    hypotheses = distinct(
        [
            Hypothesis(each.text, sqrt(exp(min(0.0, each.score)) * shares[key]))
            for key, each in ranked
        ]
    )
    best = ranked[0][0]
    return Reading(hypotheses, best, shares[best], no_speech, ran_out)


def _shares(candidates: Sequence[Candidate], keys: Sequence[str]) -> dict[str, float]:
    """Each key's part of the candidates' probability."""
    masses: dict[str, float] = defaultdict(float)
    for key, each in zip(keys, candidates, strict=True):
        masses[key] += exp(each.score * each.tokens)
    whole = sum(masses.values())
    return {key: mass / whole if whole else 0.0 for key, mass in masses.items()}


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))
