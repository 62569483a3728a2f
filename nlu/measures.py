"""Figures of a head on utterances that it has not seen."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from nlu.corpus.load import OUT_OF_SCOPE, Utterance
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.head import IntentHead
from nlu.mishearings import classifiable


@dataclass(frozen=True, slots=True)
class Figures:
    """What `python -m nlu.evaluate` prints.

    Attributes:
        accuracy: Share of utterances in scope whose best intent is the right one.
        macro_f1: Mean F1 of the intents in scope.
        top3: Share whose right intent is among the three best.
        oos_recall_at_95: Share of utterances out of scope that are rejected at the score that
            keeps 95% of those in scope.
        oos_recall: The same at the head's own threshold.
        in_scope_kept: Share of utterances in scope that the head's own threshold keeps.
        ece: Expected calibration error of the best intent in scope, ten bins.
        utterances: How many were measured.
    """

    accuracy: float
    macro_f1: float
    top3: float
    oos_recall_at_95: float
    oos_recall: float
    in_scope_kept: float
    ece: float
    utterances: int

    def rounded(self) -> dict[str, float]:
        """By name, four digits."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure_head(
    head: IntentHead, encoder: SentenceEncoder, utterances: Sequence[Utterance]
) -> Figures:
    """Figures of the bare head, without the rules around it."""
    truth = np.array([utterance.intent for utterance in utterances])
    vectors = encoder.encode([classifiable(utterance.text) for utterance in utterances])
    inside = truth != OUT_OF_SCOPE
    keep = [place for place, name in enumerate(head.labels) if name != OUT_OF_SCOPE]
    names = np.array(head.labels)[keep]
    probabilities = head.probabilities(vectors[inside])[:, keep]
    order = np.argsort(-probabilities, axis=1)
    best = names[order[:, 0]]
    scope = head.scope(vectors)
    return Figures(
        accuracy=float((best == truth[inside]).mean()),
        macro_f1=float(f1_score(truth[inside], best, average="macro", zero_division=0)),
        top3=float((names[order[:, :3]] == truth[inside][:, None]).any(axis=1).mean()),
        oos_recall_at_95=_recall(scope, inside),
        oos_recall=float((scope[~inside] < head.threshold).mean()),
        in_scope_kept=float((scope[inside] >= head.threshold).mean()),
        ece=_calibration_error(probabilities.max(axis=1), best == truth[inside]),
        utterances=len(utterances),
    )


def median_milliseconds(
    encoder: SentenceEncoder, head: IntentHead, texts: Sequence[str]
) -> tuple[float, float]:
    """Median milliseconds of encoding and scoring one utterance: on the wall, and of processor.

    The second is what the first is on a core of its own; the encoder must have one thread.
    """
    wall, processor = [], []
    for text in texts:
        start, spent = time.perf_counter(), time.thread_time()
        head.answer(encoder.encode([classifiable(text)])[0])
        wall.append(time.perf_counter() - start)
        processor.append(time.thread_time() - spent)
    return float(np.median(wall) * 1000), float(np.median(processor) * 1000)


def _recall(scope: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    if inside.all():
        return float("nan")
    return float((scope[~inside] < np.quantile(scope[inside], 0.05)).mean())


def _calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * 10).astype(int), 9)
    error = 0.0
    for number in range(10):
        chosen = bins == number
        if chosen.any():
            error += float(chosen.mean()) * abs(
                float(confidence[chosen].mean()) - float(right[chosen].mean())
            )
    return error
