"""Fits an intent head on utterances and their features, and calibrates it on held-out ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.cluster import AgglomerativeClustering
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from nlu.corpus.load import OUT_OF_SCOPE
from nlu.encoder.sentence import SentenceEncoder, sentence_vectors
from nlu.intents.head import Example, IntentHead, rounded
from nlu.linear import LinearHead
from nlu.mishearings import classifiable

STRENGTH = 20.0
"""Inverse of the penalty on the weights, chosen by cross-validation on the training corpus."""

FOLDS = 4
FAMILY = 0.35
"""Lines whose mean cosine distance is below this are of one family and stay in one fold."""

VOTES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Weights of the training lines' vote that a validation side chooses from."""

SURES = (0.0, 0.5, 1.0)
"""Weights of the largest probability in the scope score that a validation side chooses from."""

TEMPERATURES = np.arange(30, 401) / 100

KEPT = 0.95
"""Share of utterances in scope that the threshold must let through on held-out lines."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Lines that a head was not trained on, with that head."""

    head: IntentHead
    examples: Sequence[Example]
    features: NDArray[np.float32]


def fit_linear(examples: Sequence[Example], encoder: SentenceEncoder, *, seed: int) -> LinearHead:
    """Train a small head on everything and calibrate it on folds that it was not trained on.

    A fold holds whole families of similar lines, so that a held-out line is as new as a caller's.

    Args:
        examples: Training utterances with one label each.
        encoder: Of the model that the head goes with.
        seed: Of the folds.
    """
    features = encoder.features([classifiable(example.text) for example in examples])
    truth = np.array([example.intent for example in examples])
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    parts = [
        HeldOut(
            fit_weights([examples[place] for place in known], features[known]),
            [examples[place] for place in held],
            features[held],
        )
        for known, held in folds.split(features, truth, families(features))
    ]
    head = fit_weights(examples, features)
    _, temperature = _temperature(parts, 0.0, TEMPERATURES)
    return LinearHead(head.labels, head.weights, head.bias, temperature)


def families(features: NDArray[np.float32]) -> NDArray[np.int_]:
    """A number for each row; rows of one number are wordings of one thing."""
    clusters = AgglomerativeClustering(
        n_clusters=None, distance_threshold=FAMILY, metric="cosine", linkage="average"
    )
    return np.asarray(clusters.fit_predict(sentence_vectors(features)))


def fit_weights(
    examples: Sequence[Example], features: NDArray[np.float32], *, strength: float = STRENGTH
) -> IntentHead:
    """A head with one intent an utterance, not calibrated."""
    truth = np.array([example.intent for example in examples])
    centre = features.mean(axis=0, dtype=np.float64)
    model = LogisticRegression(C=strength, max_iter=500, class_weight="balanced")
    model.fit(features - centre, truth)
    weights, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn gives one row for two classes
        weights, bias = np.vstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
    bias = bias - weights @ centre
    return _head(tuple(str(name) for name in model.classes_), weights, bias, examples, features)


def fit_several(
    examples: Sequence[Example],
    holds: Sequence[frozenset[str]],
    features: NDArray[np.float32],
    *,
    strength: float = STRENGTH,
) -> IntentHead:
    """A head where one utterance may hold several intents: one logistic regression for each.

    Args:
        examples: Training utterances, for nearness.
        holds: The intents of each.
        features: One row each.
        strength: Inverse of the penalty on the weights.
    """
    labels = sorted(set().union(*holds))
    centre = features.mean(axis=0, dtype=np.float64)
    weights = np.zeros((len(labels), features.shape[1]))
    bias = np.zeros(len(labels))
    for place, name in enumerate(labels):
        truth = np.array([name in held for held in holds])
        model = LogisticRegression(C=strength, max_iter=500).fit(features - centre, truth)
        weights[place], bias[place] = model.coef_[0], model.intercept_[0]
    head = _head(tuple(labels), weights, bias - weights @ centre, examples, features)
    return replace(head, several=True)


def given_head(
    labels: tuple[str, ...],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    examples: Sequence[Example],
    features: NDArray[np.float32],
    *,
    several: bool = False,
) -> IntentHead:
    """A head whose weights (labels by widths) were trained elsewhere, not calibrated."""
    return replace(_head(labels, weights, bias, examples, features), several=several)


def _head(
    labels: tuple[str, ...],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    examples: Sequence[Example],
    features: NDArray[np.float32],
) -> IntentHead:
    # Stored in half precision: what another processor computes differs in later digits only.
    return IntentHead(
        labels=labels,
        weights=weights.T.astype(np.float16).astype(np.float32),
        bias=bias.astype(np.float16).astype(np.float32),
        vectors=rounded(sentence_vectors(features)),
        examples=tuple(examples),
    )


def calibrate(
    head: IntentHead,
    parts: Sequence[HeldOut],
    kept: float = KEPT,
    votes: Sequence[float] = (0.0,),
    sures: Sequence[float] = (0.0,),
) -> IntentHead:
    """The head with a temperature and a scope threshold that fit what it has not seen.

    Args:
        head: Trained on everything.
        parts: Lines held out of training, each with a head that was trained without them.
        kept: Share of utterances in scope that the threshold lets through.
        votes: Weights of the training lines' vote to choose from.
        sures: Weights of the largest probability in the scope score to choose from.
    """
    vote = min(votes, key=lambda weight: _temperature(parts, weight, TEMPERATURES[::10])[0])
    _, temperature = _temperature(parts, vote, TEMPERATURES)
    fitted = [
        replace(part, head=replace(part.head, temperature=temperature, vote=vote)) for part in parts
    ]
    inside = np.concatenate([_inside(part) for part in parts])
    scopes = {sure: _scopes(fitted, sure) for sure in sures}
    sure = sures[0]
    if len(sures) > 1 and inside.any() and not inside.all():
        sure = max(sures, key=lambda weight: roc_auc_score(inside, scopes[weight]))
    threshold = round(float(np.quantile(scopes[sure][inside], 1.0 - kept)), 3)
    return replace(head, temperature=temperature, threshold=threshold, vote=vote, sure=sure)


def calibrate_several(
    head: IntentHead, features: NDArray[np.float32], holds: Sequence[frozenset[str]]
) -> IntentHead:
    """The head with the temperature and the cut that fit held-out lines best (micro F1)."""
    truth = np.array([[name in held for name in head.labels] for held in holds])
    logits = head.logits(features)
    losses = [
        float(np.logaddexp(0, np.where(truth, -1, 1) * logits / t).mean()) for t in TEMPERATURES
    ]
    head = replace(head, temperature=float(TEMPERATURES[int(np.argmin(losses))]))
    probabilities = head.probabilities(features)
    cuts = np.arange(10, 91) / 100
    scores = [f1_score(truth, probabilities >= cut, average="micro") for cut in cuts]
    return replace(head, cut=float(cuts[int(np.argmax(scores))]))


def _inside(part: HeldOut) -> NDArray[np.bool_]:
    return np.array([example.intent != OUT_OF_SCOPE for example in part.examples])


def _scopes(parts: Sequence[HeldOut], sure: float) -> NDArray[np.float32]:
    return np.concatenate([replace(part.head, sure=sure).scope(part.features) for part in parts])


def _temperature(
    parts: Sequence[HeldOut], vote: float, grid: NDArray[np.float64]
) -> tuple[float, float]:
    """The least summed negative log likelihood of the right intents, and its temperature."""
    logits = [_known(part, vote) for part in parts]
    losses = [sum(_loss(*known, float(value)) for known in logits) for value in grid]
    best = int(np.argmin(losses))
    return losses[best], float(grid[best])


def _known(part: HeldOut, vote: float) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Logits of the part's lines whose intent its head knows, and the column of that intent."""
    head = part.head
    place = {name: number for number, name in enumerate(head.labels)}
    rows = [row for row, example in enumerate(part.examples) if example.intent in place]
    columns = np.array([place[part.examples[row].intent] for row in rows], dtype=np.intp)
    features = part.features[rows]
    logits = head.logits(features)
    if vote:
        logits = logits + vote * head.votes(head.closeness(features))
    return logits, columns


def _loss(logits: NDArray[np.float32], columns: NDArray[np.intp], temperature: float) -> float:
    """Summed negative log likelihood of the right intents."""
    scaled = logits / temperature
    right = scaled[np.arange(len(columns)), columns]
    return float((logsumexp(scaled, axis=1) - right).sum())
