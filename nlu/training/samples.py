"""Labelled utterances of any data set, and what names them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nlu.corpus.load import OUT_OF_SCOPE
from nlu.errors import DataError
from nlu.slots.head import Slot

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled utterance.

    Attributes:
        text: As the data set has it.
        labels: The right intents; several in a data set where one utterance may hold several.
        side: The split that the data set itself puts it in, or None.
        source: "file" or "file:line", for messages.
        slots: Where the data names such: what its words fill, counted in the words of the form
            that the encoder is asked about (`classifiable`).
    """

    text: str
    labels: tuple[str, ...]
    side: str | None = None
    source: str = ""
    slots: tuple[Slot, ...] = ()

    @property
    def label(self) -> str:
        """The only label, or all of them as one name."""
        return "+".join(self.labels)

    @property
    def in_scope(self) -> bool:
        """False for utterances filed as about nothing that the data set knows."""
        return OUT_OF_SCOPE not in self.labels


def has_several(samples: Sequence[Sample]) -> bool:
    """True where any utterance holds none or several intents at once."""
    return any(len(sample.labels) != 1 for sample in samples)


def slot_names(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The names of the slots that any utterance fills, sorted."""
    return tuple(sorted({slot.name for sample in samples for slot in sample.slots}))


def with_fold(samples: Sequence[Sample], fold: str | None) -> list[Sample]:
    """The samples of data in folds with one fold as the test side and the others to learn from.

    Raises:
        DataError: No sample is of that fold.
    """
    if fold and not any(sample.side == fold for sample in samples):
        raise DataError(f"--fold {fold}: no such fold in the data (folds are called fold0, fold1)")
    return [
        replace(sample, side=TEST if sample.side == fold else TRAIN)
        if (sample.side or "").startswith("fold")
        else sample
        for sample in samples
    ]


def data_hash(samples: Sequence[Sample]) -> str:
    """SHA-256 over labels and texts in order: names the data a model was trained on."""
    lines = "\n".join(f"{sample.label}\t{sample.text}" for sample in samples)
    return hashlib.sha256(lines.encode()).hexdigest()
