"""Trains `nlu.endings` on utterances and on their beginnings."""

import random
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from nlu.endings import BUCKETS, Endings, buckets_of, words_of

CUTS = 4
"""Beginnings taken of each utterance, at random words."""

HESITATING = 0.2
"""Share of the beginnings that end in a filler."""

FILLERS = ("um", "uh", "er")
STRENGTH = 0.3


def fit_endings(utterances: Sequence[str], seed: int) -> Endings:
    """Endings of these utterances against endings of their beginnings.

    A beginning that somebody has said as a whole utterance ("send money") is left out.
    """
    wholes = [words for text in utterances if (words := words_of(text))]
    begun = beginnings(wholes, seed)
    rows = [buckets_of(words) for words in (*wholes, *begun)]
    finished = np.repeat([1, 0], [len(wholes), len(begun)])
    with threadpool_limits(1):  # the same bits on every run
        model = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced")
        model.fit(_matrix(rows), finished)
    weights = np.asarray(model.coef_[0], np.float16).astype(np.float32)
    return Endings(weights, float(model.intercept_[0]))


def beginnings(wholes: Sequence[Sequence[str]], seed: int) -> list[list[str]]:
    """Up to `CUTS` beginnings of each utterance; some end in a filler."""
    rng = random.Random(seed)  # noqa: S311
    said = {tuple(words) for words in wholes}
    found = []
    for words in wholes:
        places = range(1, len(words))
        for place in rng.sample(places, min(CUTS, len(places))):
            if tuple(words[:place]) not in said:
                hesitates = rng.random() < HESITATING
                found.append([*words[:place], *([rng.choice(FILLERS)] if hesitates else [])])
    return found


def _matrix(rows: Sequence[Sequence[int]]) -> csr_matrix:
    columns = np.concatenate([np.asarray(row) for row in rows])
    starts = np.cumsum([0, *(len(row) for row in rows)])
    matrix = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(rows), BUCKETS))
    matrix.sum_duplicates()
    return matrix
