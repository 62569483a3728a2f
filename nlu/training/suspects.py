"""Finds training lines whose label the rest of the data contradicts.

Confident learning (Northcutt et al. 2021) in its plainest form: each line is judged by a head that
was trained without it; where that head is sure of another intent and sees almost nothing of the
given one, the label is suspect. A person should look at the list; training may leave them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from nlu.encoder.sentence import sentence_vectors
from nlu.intents.fit import fit_weights
from nlu.intents.head import Example

FOLDS = 3
SURE = 0.8
"""Probability of another intent from which a label is doubted,"""

UNSEEN = 0.05
"""if the given one has no more than this."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A training line, the intent that the others suggest and how sure they are."""

    place: int
    suggested: str
    probability: float


def suspect_labels(
    examples: Sequence[Example], features: NDArray[np.float32], *, strength: float, seed: int
) -> list[Suspect]:
    """The suspect lines, the surest first.

    Args:
        examples: Training lines with one intent each.
        features: One row each.
        strength: Inverse of the penalty on the judging heads' weights.
        seed: Of the folds.
    """
    truth = np.array([example.intent for example in examples])
    counts = dict(zip(*np.unique(truth, return_counts=True), strict=True))
    enough = np.array([counts[name] >= FOLDS for name in truth])
    rows = np.flatnonzero(enough)
    found: list[Suspect] = []
    # Sentence vectors alone judge nearly as well as all features, in a quarter of the time.
    features = sentence_vectors(features)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for known, held in folds.split(rows, truth[rows]):
        places = rows[known]
        head = fit_weights([examples[p] for p in places], features[places], strength=strength)
        probabilities = head.probabilities(features[rows[held]])
        best = probabilities.argmax(axis=1)
        for row, place in enumerate(rows[held]):
            given = probabilities[row, head.labels.index(truth[place])]
            surest = float(probabilities[row, best[row]])
            if surest >= SURE and given <= UNSEEN:
                found.append(Suspect(int(place), head.labels[best[row]], round(surest, 3)))
    return sorted(found, key=lambda suspect: (-suspect.probability, suspect.place))
