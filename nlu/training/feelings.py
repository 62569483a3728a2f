"""Trains the feelings head and measures it on lines that were written before the training ones."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from nlu.corpus.load import TRAIN_FOLDER, Utterance, load_corpus
from nlu.encoder.sentence import SentenceEncoder
from nlu.feelings.head import (
    ANGRY,
    DISPLEASED,
    DISTRESSED,
    LABELS,
    NEUTRAL,
    POSITIVE,
    FeelingsHead,
)
from nlu.intents.fit import fit_linear
from nlu.intents.head import Example
from nlu.training.beside import shares_of, with_calls
from nlu.training.measures import calibration_error

FOLDER = TRAIN_FOLDER / "feelings"
LEAST, LEAST_HELD_OUT = 50, 10
STIRRED = frozenset(
    [
        "thanks",
        "complaint",
        "insult",
        "fraud_report",
        "lost_card",
        "chitchat",
        "greet",
        "goodbye",
        "suggestion",
        "louder",
        "slower",
        "case_status",
        "out_of_scope",
        "dispute",
        "refuse",
        "explain",
        "why",
        "agent",
    ]
)
"""Intents whose own lines may carry a feeling: all other intents' lines are neutral."""

_NEGATIVE = (DISPLEASED, ANGRY, DISTRESSED)


def training_lines(calls: list[Utterance]) -> list[Example]:
    """The lines of each feeling, and what callers say calmly."""
    own = load_corpus(FOLDER, LEAST)
    return with_calls(own, calls, NEUTRAL, lambda intent: intent not in STIRRED)


def held_out_lines() -> list[Utterance]:
    """Lines of each feeling that training has not seen."""
    return load_corpus(FOLDER / "test", LEAST_HELD_OUT)


def train_feelings(encoder: SentenceEncoder, calls: list[Utterance], seed: int) -> FeelingsHead:
    """A head trained on the packaged lines and calibrated on folds held out of them.

    Args:
        encoder: Of the model that the head goes with.
        calls: The intents' training lines.
        seed: Of the folds.
    """
    return FeelingsHead(fit_linear(training_lines(calls), encoder, seed=seed))


def feelings_figures(
    head: FeelingsHead, encoder: SentenceEncoder, calm: list[Utterance]
) -> dict[str, float]:
    """Figures by name.

    Args:
        head: Trained.
        encoder: The one it was trained with.
        calm: Held-out lines of intents that are neutral, for the rate of false alarms.
    """
    lines = held_out_lines()
    truth = np.array([line.intent for line in lines])
    shares = shares_of(head.linear, encoder, lines)
    best = np.array(LABELS)[shares.argmax(axis=1)]
    quiet = shares_of(head.linear, encoder, [line for line in calm if line.intent not in STIRRED])
    sides = _sentiments(shares)
    return {
        "sentiment_accuracy": _rounded((sides.argmax(axis=1) == _side(truth)).mean()),
        "sentiment_ece": _rounded(
            calibration_error(sides.max(axis=1), sides.argmax(axis=1) == _side(truth))
        ),
        "five_way_accuracy": _rounded((best == truth).mean()),
        "anger_auroc": _rounded(roc_auc_score(truth == ANGRY, shares[:, LABELS.index(ANGRY)])),
        "distress_auroc": _rounded(
            roc_auc_score(truth == DISTRESSED, shares[:, LABELS.index(DISTRESSED)])
        ),
        "calm_lines_called_negative": _rounded((_sentiments(quiet).argmax(axis=1) == 0).mean()),
        "n": float(len(lines)),
        "n_calm": float(len(quiet)),
    }


def _sentiments(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Negative, neutral, positive: rows by 3."""
    columns = [[LABELS.index(name) for name in _NEGATIVE]]
    columns += [[LABELS.index(NEUTRAL)], [LABELS.index(POSITIVE)]]
    return np.stack([shares[:, chosen].sum(axis=1) for chosen in columns], axis=1)


def _side(truth: NDArray[np.str_]) -> NDArray[np.int_]:
    return np.array([0 if name in _NEGATIVE else 1 if name == NEUTRAL else 2 for name in truth])


def _rounded(value: float) -> float:
    return round(float(value), 4)
