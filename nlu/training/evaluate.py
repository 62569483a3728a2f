"""Measures a trained model on data that it has not learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.errors import DataError
from nlu.intents.model import IntentModel
from nlu.text import plain
from nlu.training.measures import (
    Answers,
    Floats,
    answers,
    confusions,
    error_if_calibrated,
    measured,
    median_milliseconds,
    mistakes,
    per_class,
    slot_figures,
)
from nlu.training.prepare import Progress, near_copies, quiet
from nlu.training.run import features_of
from nlu.training.samples import TEST, VALIDATION, Sample

TIMED = 200
"""Utterances whose time is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was measured.

    Attributes:
        figures: By name; `ece_if_calibrated` is the calibration error that chance alone makes on so
            few lines, `without_near_copies` holds accuracy or micro F1 on the lines that do
            not nearly repeat a training line, `near_copies` how many do.
        classes: Precision, recall, F1 and support of each intent.
        confused: Right intent, best intent, how often.
        mistakes: Text, right intent, what it was taken for, how surely; the surest first.
    """

    figures: dict[str, float | None]
    classes: dict[str, dict[str, float]]
    confused: list[tuple[str, str, int]]
    mistakes: list[tuple[str, str, str, float]]


def held_out(samples: Sequence[Sample], model: IntentModel) -> list[Sample]:
    """The lines to measure: the data's test side, else its validation side, else all of it.

    What the model was trained on is left out.

    Raises:
        DataError: Nothing is left, or the model knows none of the intents.
    """
    for side in (TEST, VALIDATION):
        if any(sample.side == side for sample in samples):
            samples = [sample for sample in samples if sample.side == side]
            break
    known = {plain(example.text) for example in model.head.examples}
    left = [sample for sample in samples if plain(sample.text) not in known]
    if not left:
        raise DataError(
            "the model was trained on every line of this data: give lines held out "
            "(its card has the figures of its own validation side)"
        )
    labels = {label for sample in left for label in sample.labels}
    if labels.isdisjoint(model.head.labels):
        raise DataError(
            f"the model knows none of the data's intents ({', '.join(sorted(labels)[:3])} ...): "
            "give data with the intents it was trained on"
        )
    return left


def evaluate(
    model: IntentModel, samples: Sequence[Sample], *, timed: int = TIMED, show: Progress = quiet
) -> Report:
    """All figures of a model on held-out samples.

    Args:
        model: A trained model.
        samples: Lines that it was not trained on.
        timed: How many utterances' time is taken, one by one.
        show: Told how far it is.
    """
    features = features_of(model.encoder, samples, "encoding", show)
    found = measured(model.head, features, samples)
    if model.slot_head:
        found |= slot_figures(model, samples)
    found |= _without_near_copies(model, samples, features, show)
    if timed:
        wall, processor = median_milliseconds(model, [sample.text for sample in samples[:timed]])
        found |= {"p50_ms": round(wall, 2), "p50_processor_ms": round(processor, 2)}
    if model.head.several:
        return Report(found, {}, [], [])
    said = answers(model.head, features, samples)
    found["ece_if_calibrated"] = round(error_if_calibrated(said.confidence[said.inside]), 4)
    wrong = mistakes(said, model.head.threshold, samples)
    return Report(found, per_class(said), confusions(said), wrong)


def _without_near_copies(
    model: IntentModel, samples: Sequence[Sample], features: Floats, show: Progress
) -> dict[str, float | None]:
    known = [Sample(example.text, (example.intent,)) for example in model.head.examples]
    near = np.array(near_copies(samples, known, show))
    if near.all():
        return {"near_copies": float(near.sum()), "without_near_copies": None}
    rest = [sample for sample, copies in zip(samples, near, strict=True) if not copies]
    name = "micro_f1" if model.head.several else "accuracy"
    value = measured(model.head, features[~near], rest)[name]
    return {"near_copies": float(near.sum()), "without_near_copies": value}


def said_by(model: IntentModel, samples: Sequence[Sample], show: Progress = quiet) -> Answers:
    """What a model says about samples."""
    features = features_of(model.encoder, samples, "encoding", show)
    return answers(model.head, features, samples)
