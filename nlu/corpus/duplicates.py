"""Finds test utterances that are near-copies of training ones: they would flatter the figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from nlu.corpus.load import Utterance
from nlu.errors import CorpusError
from nlu.text import plain

SIMILARITY = 86.0
"""Percent of matching characters with the words sorted, from which two lines are one template."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A test utterance, the training utterance that it copies and how alike they are (percent)."""

    test: Utterance
    train: Utterance
    similarity: float


def near_duplicates(train: Sequence[Utterance], test: Sequence[Utterance]) -> list[NearDuplicate]:
    """All near-copies across the split, in the order of the test utterances."""
    known = [plain(utterance.text) for utterance in train]
    found = []
    for utterance in test:
        best = process.extractOne(
            plain(utterance.text), known, scorer=fuzz.token_sort_ratio, score_cutoff=SIMILARITY
        )
        if best is not None:
            found.append(NearDuplicate(utterance, train[best[2]], float(best[1])))
    return found


def refuse_near_duplicates(train: Sequence[Utterance], test: Sequence[Utterance]) -> None:
    """Stop where the split leaks.

    Raises:
        CorpusError: Names the first near-copy, with both lines and the cure.
    """
    found = near_duplicates(train, test)
    if found:
        first = found[0]
        raise CorpusError(
            f"{first.train.file}:{first.train.line}: {first.train.text!r} is {first.similarity:.0f}"
            f"% the held-out {first.test.text!r} ({first.test.file}:{first.test.line}); "
            f"reword the training line ({len(found)} such pairs)"
        )
