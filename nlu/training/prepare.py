"""Makes a data set fit for training: repeats dropped, splits drawn by hash, no leak across them.

What is held out decides what may be trained on, never the other way round: a training line that
nearly repeats a line of the given test side is dropped. Where the tool itself draws the
validation split, the nearly repeated line goes back to training, so that nothing is lost.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from nlu.corpus.duplicates import SIMILARITY
from nlu.text import plain
from nlu.training.samples import TEST, TRAIN, VALIDATION, Sample

VALIDATION_SHARE = 0.1
_CHUNK = 256

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is in all."""


def quiet(_what: str, _done: int, _total: int) -> None:
    """Shows nothing."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many lines preparation took out or moved, and why."""

    repeated: int
    contradicting: int
    near_validation: int
    near_test: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data with its sides apart.

    Attributes:
        train, validation, test: Test is empty unless the data set has such a side.
        removed: What was taken out.
    """

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    removed: Removed


def prepare(
    samples: Sequence[Sample], share: float = VALIDATION_SHARE, show: Progress = quiet
) -> Prepared:
    """Drop repeats, split, and close the leaks between the sides.

    Args:
        samples: With the sides that the data set gives, or none.
        share: Of the training side that becomes validation where the data set has none.
        show: Told how far the search for near-duplicates is.
    """
    known = [sample for sample in samples if sample.side in (None, TRAIN)]
    test = [sample for sample in samples if sample.side == TEST]
    given = [sample for sample in samples if sample.side == VALIDATION]
    known, repeated, contradicting = without_repeats(known)
    known, near_test = _apart(known, test, show)
    if given:
        train, near_validation = _apart(known, given, show)
        validation = given
    else:
        train, validation, near_validation = _draw(known, share, show)
    return Prepared(
        tuple(train),
        tuple(validation),
        tuple(test),
        Removed(repeated, contradicting, near_validation, near_test),
    )


def with_report_side(samples: Sequence[Sample], share: float) -> list[Sample]:
    """The samples with a test side: the given one, else a share drawn by hash from the rest.

    The draw has nothing to do with that of the validation side.
    """
    if any(sample.side == TEST for sample in samples):
        return list(samples)
    return [
        replace(sample, side=TEST) if _is_drawn(sample.text, share, part=1) else sample
        for sample in samples
    ]


def without_repeats(samples: Sequence[Sample]) -> tuple[list[Sample], int, int]:
    """Each plain text once; a text filed under different intents keeps the most frequent one.

    Returns:
        The rest, how many repeats were dropped, and how many of them contradicted.
    """
    votes: dict[str, Counter[tuple[str, ...]]] = {}
    first: dict[str, Sample] = {}
    for sample in samples:
        key = plain(sample.text)
        votes.setdefault(key, Counter())[sample.labels] += 1
        first.setdefault(key, sample)
    kept, contradicting = [], 0
    for key, sample in first.items():
        labels, _ = votes[key].most_common(1)[0]
        contradicting += sum(votes[key].values()) - votes[key][labels]
        kept.append(replace(sample, labels=labels))
    return kept, len(samples) - len(kept), contradicting


def near_copies(
    samples: Sequence[Sample], others: Sequence[Sample], show: Progress = quiet
) -> list[bool]:
    """For each sample whether it nearly repeats one of the others (86% with the words sorted)."""
    known = [plain(other.text) for other in others]
    texts = [plain(sample.text) for sample in samples]
    found: list[bool] = []
    for at in range(0, len(texts), _CHUNK):
        table = process.cdist(
            texts[at : at + _CHUNK], known, scorer=fuzz.token_sort_ratio, score_cutoff=SIMILARITY
        )
        found += [bool(row.any()) for row in table] if known else [False] * len(table)
        show("near-duplicates", min(at + _CHUNK, len(texts)), len(texts))
    return found


def _apart(
    train: Sequence[Sample], held_out: Sequence[Sample], show: Progress
) -> tuple[list[Sample], int]:
    if not held_out:
        return list(train), 0
    near = near_copies(train, held_out, show)
    kept = [sample for sample, copies in zip(train, near, strict=True) if not copies]
    return kept, len(train) - len(kept)


def _draw(
    samples: Sequence[Sample], share: float, show: Progress
) -> tuple[list[Sample], list[Sample], int]:
    drawn = [_is_drawn(sample.text, share) for sample in samples]
    wanted = sum(drawn)
    new = [not out for out in drawn]
    # A line that goes back to training may itself be nearly repeated by one that is still drawn.
    while any(new):
        places = [place for place, out in enumerate(drawn) if out]
        added = [sample for sample, is_new in zip(samples, new, strict=True) if is_new]
        near = near_copies([samples[place] for place in places], added, show)
        new = [False] * len(samples)
        for place, copies in zip(places, near, strict=True):
            if copies:
                drawn[place], new[place] = False, True
    train = [sample for sample, out in zip(samples, drawn, strict=True) if not out]
    validation = [sample for sample, out in zip(samples, drawn, strict=True) if out]
    return train, validation, wanted - len(validation)


def _is_drawn(text: str, share: float, part: int = 0) -> bool:
    """Whether a text's hash puts it in the share; each part of the hash is a draw of its own."""
    digest = hashlib.sha256(plain(text).encode()).digest()
    return int.from_bytes(digest[8 * part : 8 * part + 8], "big") < share * 2**64
