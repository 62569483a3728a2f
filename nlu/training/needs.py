"""Trains the needs head and measures it on lines that were written before the training ones."""

import numpy as np

from nlu.corpus.duplicates import refuse_near_duplicates
from nlu.corpus.load import OUT_OF_SCOPE, TRAIN_FOLDER, Utterance, load_corpus
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.fit import fit_linear
from nlu.intents.head import Example
from nlu.needs.head import LABELS, LEAST, NONE, NeedsHead
from nlu.training.beside import shares_of, with_calls
from nlu.training.measures import calibration_error

FOLDER = TRAIN_FOLDER / "needs"
MINIMUM, MINIMUM_HELD_OUT = 50, 10
PLAIN = frozenset(
    [
        OUT_OF_SCOPE,
        *("balance", "transactions", "statement", "transfer", "add_payee", "payment_status"),
        *("cancel_payment", "bills", "bill_payment", "block_card", "card_activate", "pin_help"),
        *("opening_hours", "branch_location", "exchange_rate", "change_address", "identify"),
        *("repeat", "greet", "thanks", "goodbye", "affirm", "deny", "wait", "inform", "correct"),
        *("help", "cancel", "why", "explain", "chitchat", "profile", "case_status"),
    ]
)
"""Intents whose lines have no need behind them but what they ask for."""


def own_lines() -> list[Utterance]:
    """The lines that were written for the needs."""
    return load_corpus(FOLDER, MINIMUM)


def training_lines(calls: list[Utterance]) -> list[Example]:
    """The lines of each need, and what callers say with none behind it."""
    return with_calls(own_lines(), calls, NONE, PLAIN.__contains__)


def held_out_lines() -> list[Utterance]:
    """Lines of each need, of templates that training does not have."""
    return load_corpus(FOLDER / "test", MINIMUM_HELD_OUT)


def train_needs(encoder: SentenceEncoder, calls: list[Utterance], seed: int) -> NeedsHead:
    """A head trained on the packaged lines and calibrated on folds held out of them.

    Args:
        encoder: Of the model that the head goes with.
        calls: The intents' training lines.
        seed: Of the folds.

    Raises:
        CorpusError: The held-out lines leak into the training ones.
    """
    refuse_near_duplicates(own_lines(), held_out_lines())
    return NeedsHead(fit_linear(training_lines(calls), encoder, seed=seed))


def needs_figures(
    head: NeedsHead, encoder: SentenceEncoder, calls: list[Utterance]
) -> dict[str, float]:
    """Figures by name: `told` of the lines with a need, those whose need is told, `right` rightly;
    `precision` of what is told of all lines; `told_of_none` of the lines without one.

    Args:
        head: Trained.
        encoder: The one it was trained with.
        calls: Held-out lines of callers, for the rate of false alarms.
    """
    lines = held_out_lines()
    truth = np.array([line.intent for line in lines])
    shares = shares_of(head.linear, encoder, lines)
    best, sure = np.array(LABELS)[shares.argmax(axis=1)], shares.max(axis=1)
    told, needs = (sure >= LEAST) & (best != NONE), truth != NONE
    plain = shares_of(head.linear, encoder, [line for line in calls if line.intent in PLAIN])
    alarms = (plain.max(axis=1) >= LEAST) & (np.array(LABELS)[plain.argmax(axis=1)] != NONE)
    found = {
        "accuracy": (best == truth).mean(),
        "ece": calibration_error(sure, best == truth),
        "told": told[needs].mean(),
        "right": (told & (best == truth))[needs].mean(),
        "precision": (best == truth)[told].mean(),
        "told_of_none": told[~needs].mean(),
        "told_of_plain_lines": alarms.mean(),
        "n": len(lines),
        "n_plain": len(plain),
    }
    return {name: round(float(value), 4) for name, value in found.items()}
