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
from dialog.bank.products.population import Drawn, Part, draw
from dialog.bank.products.profile import Answered, Profile
from dialog.bank.products.ranker import CARD_FILE, RANKER_FILE, Matrix, Ranker

TRAIN, HELD_OUT = 8000, 2000
STRENGTH = 0.3
"""Inverse of the penalty on the weights: the weakest penalty of those that validation cannot tell
from the best (`compare`, one standard error), so that what customers say counts for most."""
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
WEIGHT = 5.0
"""What a real answer counts for, against a drawn customer."""


def train(
    seed: int = 1,
    answers: Sequence[Answered] = (),
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    *,
    strength: float = STRENGTH,
    part: Part = "training",
) -> Ranker:
    """A ranker; the same seed and answers give the same.

    Args:
        seed: Of the draw.
        answers: Of real customers.
        progress: Told how many products are done, of how many.
        strength: Inverse of the penalty on the weights.
        part: Whose words it learns from.
    """
    drawn = draw(TRAIN, seed, part)
    rows = _rows([one.profile for one in drawn])
    mean, spread = _scale(rows)
    names = tuple(one.product for one in catalogue())
    weights, bias = np.zeros((len(names), rows.shape[1]), np.float32), np.zeros(len(names))
    for place, name in enumerate(names):
        mine = [one for one in answers if one.product == name]
        known = np.concatenate([rows, _rows([one.profile for one in mine])]) if mine else rows
        truth = [one.taken == name for one in drawn] + [one.interested for one in mine]
        weight = [1.0] * len(drawn) + [WEIGHT] * len(mine)
        model = LogisticRegression(C=strength, max_iter=1000)
        model.fit((known - mean) / spread, np.array(truth), sample_weight=weight)
        weights[place], bias[place] = model.coef_[0], model.intercept_[0]
        progress(place + 1, len(names))
    return Ranker(names, np.round(weights, 5), bias.astype(np.float32), mean, spread)


def compare(
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[float, tuple[float, float]]:
    """Right first places and mean reciprocal rank by strength, on customers whose goals are worded
    in lines of validation's own; what `measure` reports on is not looked at.

    Args:
        progress: Told how many strengths are done, of how many.
    """
    drawn = draw(HELD_OUT, 3, "validation")
    rows, found = _rows([one.profile for one in drawn]), {}
    for done, strength in enumerate(STRENGTHS):
        ranker = train(strength=strength, part="fitting")
        found[strength] = _ranks(ranker.scores(rows), ranker.products, drawn)
        progress(done + 1, len(STRENGTHS))
    return found


def measure(ranker: Ranker, seed: int = 2) -> dict[str, float]:
    """Figures on held-out customers.

    Gives the share of right first places (`_first`) and the mean reciprocal rank (`_mrr`) of the
    ranker, of the ranker without the goal's words, and of always the most taken products;
    possible_first is what whoever knew the drawn goal and how it was weighed would reach.
    """
    drawn = draw(HELD_OUT, seed, "held_out")
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
