"""Figures of an intent model on utterances that it has not seen."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report, f1_score, roc_auc_score

from nlu.corpus.load import OUT_OF_SCOPE
from nlu.intents.head import IntentHead
from nlu.intents.model import IntentModel
from nlu.training.samples import Sample

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a bare head (without the rules around it) says about labelled lines.

    Attributes:
        truth: The right intent of each line; of several, their joined names.
        best: The best intent in scope of each line.
        confidence: Its probability.
        order: All intents in scope of each line, best first.
        scope: Scope scores.
        inside: Whether the line is in scope.
    """

    truth: NDArray[np.str_]
    best: NDArray[np.str_]
    confidence: Floats
    order: NDArray[np.str_]
    scope: Floats
    inside: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where the best intent is the right one, in scope or not."""
        return np.asarray(self.best == self.truth)


@dataclass(frozen=True, slots=True)
class Figures:
    """What `tellerline nlu evaluate` prints.

    Attributes:
        accuracy: Share of utterances in scope whose best intent is the right one.
        macro_f1: Mean F1 of the intents in scope.
        top3: Share whose right intent is among the three best.
        accuracy_at_80, accuracy_at_90: The same among the surest 80% and 90%.
        ece: Expected calibration error of the best intent in scope, ten bins.
        oos_recall_at_95: Share of utterances out of scope that are rejected at the score that
            keeps 95% of those in scope.
        oos_auroc: How well the scope score parts the two.
        oos_recall: Share rejected at the head's own threshold.
        in_scope_kept: Share of utterances in scope that the head's own threshold keeps.
        n: How many utterances were measured.
    """

    accuracy: float
    macro_f1: float
    top3: float
    accuracy_at_80: float
    accuracy_at_90: float
    ece: float
    oos_recall_at_95: float | None
    oos_auroc: float | None
    oos_recall: float | None
    in_scope_kept: float
    n: int


@dataclass(frozen=True, slots=True)
class SeveralFigures:
    """Figures where one utterance may hold several intents (or none).

    Attributes:
        micro_f1, macro_f1: Over all decisions; mean of the intents.
        precision, recall: Over all decisions.
        exact: Share of utterances whose set of intents is exactly right.
        n: How many utterances were measured.
    """

    micro_f1: float
    macro_f1: float
    precision: float
    recall: float
    exact: float
    n: int


def rounded(figures: Figures | SeveralFigures) -> dict[str, float | None]:
    """By name, four digits."""
    return {
        name: None if value is None else round(value, 4) for name, value in asdict(figures).items()
    }


def answers(head: IntentHead, features: Floats, samples: Sequence[Sample]) -> Answers:
    """What the head says about the samples whose features are given."""
    keep = [place for place, name in enumerate(head.labels) if name != OUT_OF_SCOPE]
    probabilities = head.probabilities(features)[:, keep]
    order = np.argsort(-probabilities, axis=1)
    names = np.array(head.labels)[keep]
    return Answers(
        truth=np.array([sample.label for sample in samples]),
        best=names[order[:, 0]],
        confidence=probabilities.max(axis=1),
        order=names[order],
        scope=head.scope(features),
        inside=np.array([sample.in_scope for sample in samples]),
    )


def figures(said: Answers, threshold: float) -> Figures:
    """Figures of one intent an utterance; threshold is the head's own, on the scope score."""
    inside = said.inside
    truth, best, right = said.truth[inside], said.best[inside], said.right[inside]
    sure = right[np.argsort(-said.confidence[inside], kind="stable")]
    mixed = not inside.all() and inside.any()
    return Figures(
        accuracy=float(right.mean()),
        macro_f1=float(
            f1_score(truth, best, labels=np.unique(truth), average="macro", zero_division=0)
        ),
        top3=float((said.order[inside, :3] == truth[:, None]).any(axis=1).mean()),
        accuracy_at_80=float(sure[: round(0.8 * len(sure))].mean()),
        accuracy_at_90=float(sure[: round(0.9 * len(sure))].mean()),
        ece=calibration_error(said.confidence[inside], right),
        oos_recall_at_95=rejected_at(said.scope, inside, 0.95) if mixed else None,
        oos_auroc=float(roc_auc_score(inside, said.scope)) if mixed else None,
        oos_recall=float((said.scope[~inside] < threshold).mean()) if mixed else None,
        in_scope_kept=float((said.scope[inside] >= threshold).mean()),
        n=len(inside),
    )


def several_figures(
    head: IntentHead, features: Floats, samples: Sequence[Sample]
) -> SeveralFigures:
    """Figures of a head that may give several intents."""
    truth = np.array([[name in sample.labels for name in head.labels] for sample in samples])
    given = head.probabilities(features) >= head.cut
    hits = float((truth & given).sum())
    return SeveralFigures(
        micro_f1=float(f1_score(truth, given, average="micro", zero_division=0)),
        macro_f1=float(f1_score(truth, given, average="macro", zero_division=0)),
        precision=hits / max(1.0, float(given.sum())),
        recall=hits / max(1.0, float(truth.sum())),
        exact=float((truth == given).all(axis=1).mean()),
        n=len(samples),
    )


def measured(
    head: IntentHead, features: Floats, samples: Sequence[Sample]
) -> dict[str, float | None]:
    """All figures of a head by name, on samples whose features are given."""
    if head.several:
        return rounded(several_figures(head, features, samples))
    return rounded(figures(answers(head, features, samples), head.threshold))


def per_class(said: Answers) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of each intent in scope."""
    truth, best = said.truth[said.inside], said.best[said.inside]
    report = classification_report(
        truth, best, labels=np.unique(truth), output_dict=True, zero_division=0
    )
    return {
        str(name): {key: round(float(value), 4) for key, value in row.items()}
        for name, row in report.items()
        if isinstance(row, dict) and not str(name).endswith(" avg")
    }


def slot_figures(model: IntentModel, samples: Sequence[Sample]) -> dict[str, float | None]:
    """Micro F1, precision and recall of the slots: name and words exactly right."""
    found = hits = wanted = 0
    for sample in samples:
        given, truth = set(model.slot_places(sample.text)), set(sample.slots)
        found, hits, wanted = found + len(given), hits + len(given & truth), wanted + len(truth)
    return {
        "slot_f1": round(2 * hits / max(1, found + wanted), 4),
        "slot_precision": round(hits / max(1, found), 4),
        "slot_recall": round(hits / max(1, wanted), 4),
        "slots": float(wanted),
    }


def confusions(said: Answers) -> list[tuple[str, str, int]]:
    """Right intent, best intent and how often they were confused, the most frequent first."""
    wrong = said.inside & ~said.right
    pairs = zip(said.truth[wrong].tolist(), said.best[wrong].tolist(), strict=True)
    return [(right, best, count) for (right, best), count in Counter(pairs).most_common()]


def mistakes(
    said: Answers, threshold: float, samples: Sequence[Sample]
) -> list[tuple[str, str, str, float]]:
    """Text, right intent, what it was taken for and the best intent's probability of each line that
    is taken wrongly, the surest first; threshold is the head's own, on the scope score."""
    taken = np.where(said.scope >= threshold, said.best, OUT_OF_SCOPE)
    places = np.argsort(-said.confidence, kind="stable")
    return [
        (samples[n].text, str(said.truth[n]), str(taken[n]), float(said.confidence[n]))
        for n in places.tolist()
        if taken[n] != said.truth[n]
    ]


def median_milliseconds(model: IntentModel, texts: Sequence[str]) -> tuple[float, float]:
    """Median milliseconds of encoding and scoring one utterance: on the wall, and of processor.

    The second is what the first is on a core of its own; the encoder must have one thread.
    """
    wall, processor = [], []
    for text in texts:
        start, spent = time.perf_counter(), time.thread_time()
        model.answer([text])
        wall.append(time.perf_counter() - start)
        processor.append(time.thread_time() - spent)
    return float(np.median(wall) * 1000), float(np.median(processor) * 1000)


def rejected_at(scope: Floats, inside: NDArray[np.bool_], kept: float) -> float:
    """Share of lines out of scope below the score that keeps this share of those in scope."""
    return float((scope[~inside] < np.quantile(scope[inside], 1.0 - kept)).mean())


def error_if_calibrated(confidence: Floats, draws: int = 300, seed: int = 7) -> float:
    """What `calibration_error` would be on average if every confidence were exactly right.

    With few lines in a bin it is not zero: only what goes beyond it speaks against a head.
    """
    chance = np.random.default_rng(seed)
    errors = [
        calibration_error(confidence, chance.random(len(confidence)) < confidence)
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and accuracy over ten bins (Guo et al. 2017)."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    error = 0.0
    for number in range(10):
        chosen = bins == number
        if chosen.any():
            error += float(chosen.mean()) * abs(
                float(confidence[chosen].mean()) - float(right[chosen].mean())
            )
    return error
