"""Fits an intent head on utterances and their vectors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from nlu.corpus.load import OUT_OF_SCOPE, Utterance
from nlu.intents.head import Example, IntentHead, quantise

STRENGTH = 30.0
"""Inverse of the penalty on the weights, chosen by cross-validation on the training corpus."""

FOLDS = 4
KEPT = 0.975
"""Share of utterances in scope that the threshold must let through on held-out folds."""


def fit_head(
    utterances: Sequence[Utterance], vectors: NDArray[np.float32], seed: int
) -> IntentHead:
    """Train the head, its temperature and its scope threshold.

    Args:
        utterances: The training corpus.
        vectors: Their unit vectors, float32, one a row.
        seed: Of the folds.

    Returns:
        A head whose temperature and threshold come from folds that it was not trained on.
    """
    truth = np.array([utterance.intent for utterance in utterances])
    examples = tuple(Example(utterance.text, utterance.intent) for utterance in utterances)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    parts = [
        (_fit(vectors[known], truth[known], [examples[place] for place in known]), held)
        for known, held in folds.split(vectors, truth)
    ]
    temperature = _temperature(parts, vectors, truth)
    tempered = [(_with(head, temperature, 0.0), held) for head, held in parts]
    scores = np.concatenate(
        [head.scope(vectors[held])[truth[held] != OUT_OF_SCOPE] for head, held in tempered]
    )
    threshold = round(float(np.quantile(scores, 1.0 - KEPT)), 3)
    return _with(_fit(vectors, truth, examples), temperature, threshold)


def _fit(
    vectors: NDArray[np.float32], truth: NDArray[np.str_], examples: Sequence[Example]
) -> IntentHead:
    model = LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced")
    model.fit(vectors.astype(np.float64), truth)
    # Stored in half precision: what another processor computes differs in later digits only.
    return IntentHead(
        labels=tuple(str(name) for name in model.classes_),
        weights=model.coef_.T.astype(np.float16).astype(np.float32),
        bias=model.intercept_.astype(np.float16).astype(np.float32),
        temperature=1.0,
        threshold=0.0,
        vectors=quantise(vectors),
        examples=tuple(examples),
    )


def _with(head: IntentHead, temperature: float, threshold: float) -> IntentHead:
    return IntentHead(
        head.labels,
        head.weights,
        head.bias,
        temperature,
        threshold,
        head.vectors,
        head.examples,
    )


def _temperature(
    parts: Sequence[tuple[IntentHead, NDArray[np.int_]]],
    vectors: NDArray[np.float32],
    truth: NDArray[np.str_],
) -> float:
    def loss(temperature: float) -> float:
        total = 0.0
        for head, held in parts:
            columns = [head.labels.index(name) for name in truth[held]]
            chosen = _with(head, temperature, 0.0).probabilities(vectors[held])
            total -= float(np.log(chosen[np.arange(len(held)), columns] + 1e-12).sum())
        return total

    grid = np.arange(30, 301) / 100
    return float(grid[int(np.argmin([loss(temperature) for temperature in grid]))])
