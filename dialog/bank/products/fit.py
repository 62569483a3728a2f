"""Trains the ranker on drawn customers and on what real ones answered, and measures it on customers
whose goals are worded in ways that training never saw."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from dialog.bank.products.catalogue import catalogue
from dialog.bank.products.features import NUMBERS, features
from dialog.bank.products.population import Drawn, draw
from dialog.bank.products.profile import Answered, Profile
from dialog.bank.products.ranker import CARD_FILE, RANKER_FILE, Matrix, Ranker

TRAIN, HELD_OUT = 8000, 2000
STRENGTH = 1.0
"""Inverse of the penalty on the weights."""
WEIGHT = 5.0
"""What a real answer counts for, against a drawn customer."""


def train(
    seed: int = 1,
    answers: Sequence[Answered] = (),
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Ranker:
    """A ranker; the same seed and answers give the same.

    Args:
        seed: Of the draw.
        answers: Of real customers.
        progress: Told how many products are done, of how many.
    """
    drawn = draw(TRAIN, seed)
    rows = _rows([one.profile for one in drawn])
    mean, spread = _scale(rows)
    names = tuple(one.product for one in catalogue())
    weights, bias = np.zeros((len(names), rows.shape[1]), np.float32), np.zeros(len(names))
    for place, name in enumerate(names):
        mine = [one for one in answers if one.product == name]
        known = np.concatenate([rows, _rows([one.profile for one in mine])]) if mine else rows
        truth = [one.taken == name for one in drawn] + [one.interested for one in mine]
        weight = [1.0] * len(drawn) + [WEIGHT] * len(mine)
        model = LogisticRegression(C=STRENGTH, max_iter=1000)
        model.fit((known - mean) / spread, np.array(truth), sample_weight=weight)
        weights[place], bias[place] = model.coef_[0], model.intercept_[0]
        progress(place + 1, len(names))
    return Ranker(names, np.round(weights, 5), bias.astype(np.float32), mean, spread)


def measure(ranker: Ranker, seed: int = 2) -> dict[str, float]:
    """Figures on held-out customers.

    Gives the share of right first places (`_first`) and the mean reciprocal rank (`_mrr`) of the
    ranker, of the ranker without the goal's words, and of always the most taken products;
    possible_first is what whoever knew the drawn goal and how it was weighed would reach.
    """
    drawn = draw(HELD_OUT, seed, held_out=True)
    rows = _rows([one.profile for one in drawn])
    wordless = rows.copy()
    wordless[:, len(NUMBERS) :] = ranker.mean[len(NUMBERS) :]
    taken = Counter(one.taken for one in draw(TRAIN, 1))
    popular = np.tile([taken[name] / TRAIN for name in ranker.products], (len(drawn), 1))
    possible = sum(one.best == one.taken for one in drawn) / len(drawn)
    told: dict[str, float] = {"n": len(drawn), "possible_first": round(possible, 4)}
    for name, scores in (
        ("ranker", ranker.scores(rows)),
        ("without_words", ranker.scores(wordless)),
        ("most_taken", popular),
    ):
        first, reciprocal = _ranks(scores, ranker.products, drawn)
        told |= {f"{name}_first": first, f"{name}_mrr": reciprocal}
    return told


def write(ranker: Ranker, figures: dict[str, float], answers: int, folder: Path) -> None:
    """Write the ranker and its card."""
    (folder / RANKER_FILE.name).write_bytes(ranker.to_bytes())
    card = {"drawn": TRAIN, "answers": answers, "held_out": figures}
    (folder / CARD_FILE.name).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _rows(profiles: Sequence[Profile]) -> Matrix:
    return np.stack([features(profile) for profile in profiles])


def _scale(rows: Matrix) -> tuple[Matrix, Matrix]:
    """Numbers to mean 0 and spread 1; the words, of length 1, only lose their mean."""
    mean, spread = rows.mean(axis=0), np.ones(rows.shape[1], np.float32)
    spread[: len(NUMBERS)] = rows[:, : len(NUMBERS)].std(axis=0) + 1e-6
    return mean.astype(np.float32), spread


def _ranks(scores: np.ndarray, names: Sequence[str], drawn: Sequence[Drawn]) -> tuple[float, float]:
    truth = np.array([names.index(one.taken) for one in drawn])
    own = scores[np.arange(len(drawn)), truth]
    rank = 1 + (scores > own[:, None]).sum(axis=1)
    return round(float((rank == 1).mean()), 4), round(float((1 / rank).mean()), 4)
