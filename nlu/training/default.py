"""The packaged model: rebuilt from the packaged corpus by one command, bit for bit."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nlu.corpus.duplicates import refuse_near_duplicates
from nlu.corpus.load import (
    FRESH_FOLDER,
    FRESH_MINIMUM,
    TEST_FOLDER,
    TEST_MINIMUM,
    TRAIN_FOLDER,
    TRAIN_MINIMUM,
    Utterance,
    load_corpus,
)
from nlu.encoder.sentence import SentenceEncoder
from nlu.feelings.head import FEELINGS_FILE, FeelingsHead
from nlu.intents.fit import HeldOut, calibrate, fit_weights
from nlu.intents.head import Example
from nlu.intents.model import CARD_FILE, HEAD_FILE, IntentModel
from nlu.locales.locale import load_locale
from nlu.mishearings import classifiable
from nlu.needs.head import NEEDS_FILE
from nlu.training.card import ENCODER, file_hashes, side_card, write_json
from nlu.training.endings import fit_endings
from nlu.training.feelings import FOLDER as FEELINGS_FOLDER
from nlu.training.feelings import (
    LEAST,
    feelings_figures,
    held_out_lines,
    train_feelings,
)
from nlu.training.measures import measured
from nlu.training.needs import held_out_lines as needs_held_out
from nlu.training.needs import needs_figures, own_lines, train_needs
from nlu.training.phrasing import fit_phrasing
from nlu.training.questions import write_questions
from nlu.training.samples import Sample

SEED = 7

KEPT = 0.97
"""Share of validation's lines in scope that the threshold lets through."""


def train_default(encoder: SentenceEncoder) -> IntentModel:
    """The model of the whole training corpus, calibrated on the validation lines.

    Raises:
        CorpusError: The corpus is wrong, or the held-out utterances leak into it.
    """
    utterances = load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)
    for held_out in (validation_lines(), fresh_lines()):
        refuse_near_duplicates(utterances, held_out)

    def encoded(lines: Sequence[Utterance]) -> tuple[list[Example], NDArray[np.float32]]:
        examples = [Example(line.text, line.intent) for line in lines]
        return examples, encoder.features([classifiable(line.text) for line in lines])

    # One thread: sums in another order would change the last bits of the weights.
    with threadpool_limits(1):
        head = fit_weights(*encoded(utterances))
        calibrated = calibrate(head, [HeldOut(head, *encoded(validation_lines()))], KEPT)
    return IntentModel(encoder, calibrated)


def train_default_feelings(encoder: SentenceEncoder) -> FeelingsHead:
    """The feelings head that goes with the packaged model.

    Raises:
        CorpusError: The held-out utterances leak into the training ones.
    """
    refuse_near_duplicates(load_corpus(FEELINGS_FOLDER, LEAST), held_out_lines())
    return train_feelings(encoder, load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM), SEED)


def validation_lines() -> list[Utterance]:
    """The held-out lines that choices are made on."""
    return load_corpus(TEST_FOLDER, TEST_MINIMUM)


def fresh_lines() -> list[Utterance]:
    """The held-out lines that are only reported on."""
    return load_corpus(FRESH_FOLDER, FRESH_MINIMUM)


def samples_of(utterances: Sequence[Utterance]) -> list[Sample]:
    """Corpus lines as samples."""
    return [Sample(utterance.text, (utterance.intent,)) for utterance in utterances]


def held_out_figures(
    model: IntentModel, lines: Sequence[Utterance] | None = None
) -> dict[str, float | None]:
    """Figures on held-out utterances: the fresh ones, unless others are given."""
    held_out = samples_of(lines or fresh_lines())
    return measured(model.head, model.features([sample.text for sample in held_out]), held_out)


def write_default(model: IntentModel, folder: Path) -> dict[str, object]:
    """Write the head and, beside it, a card with the data's hash, the seed and the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEAD_FILE).write_bytes(model.head.to_bytes())
    texts = [utterance.text for utterance in load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)]
    fit_endings(texts, SEED).save(folder)
    fit_phrasing(texts, load_locale("en").numbers, SEED).save(folder)
    with threadpool_limits(1):
        feelings = train_default_feelings(model.encoder)
        needs = train_needs(model.encoder, load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM), SEED)
        answering = write_questions(model.encoder, folder)
    feelings.linear.save(folder / FEELINGS_FILE)
    needs.linear.save(folder / NEEDS_FILE)
    card: dict[str, object] = {
        "encoder": f"{ENCODER}, frozen",
        "files": file_hashes(folder),
        "seed": SEED,
        "train": side_card(samples_of(load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM))),
        "validation": {
            **side_card(samples_of(validation_lines())),
            "figures": held_out_figures(model, validation_lines()),
        },
        "test": side_card(samples_of(fresh_lines())),
        "figures": held_out_figures(model),
        "feelings": feelings_figures(feelings, model.encoder, fresh_lines()),
        "needs": {
            "train": side_card(samples_of(own_lines())),
            "test": side_card(samples_of(needs_held_out())),
            "figures": needs_figures(needs, model.encoder, fresh_lines()),
        },
        "questions": answering,
    }
    write_json(folder / CARD_FILE, card)
    return card
