"""The packaged model: rebuilt from the packaged corpus by one command, bit for bit."""

from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from nlu.corpus.duplicates import refuse_near_duplicates
from nlu.corpus.load import (
    TEST_FOLDER,
    TEST_MINIMUM,
    TRAIN_FOLDER,
    TRAIN_MINIMUM,
    Utterance,
    load_corpus,
)
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.fit import fit_head
from nlu.intents.head import Example
from nlu.intents.model import CARD_FILE, HEAD_FILE, IntentModel
from nlu.mishearings import classifiable
from nlu.training.card import ENCODER, file_hashes, side_card, write_json
from nlu.training.measures import measured
from nlu.training.samples import Sample

SEED = 7


def train_default(encoder: SentenceEncoder, seed: int = SEED) -> IntentModel:
    """The model of the whole training corpus.

    Raises:
        CorpusError: The corpus is wrong, or the held-out utterances leak into it.
    """
    utterances = load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)
    refuse_near_duplicates(utterances, load_corpus(TEST_FOLDER, TEST_MINIMUM))
    # One thread: sums in another order would change the last bits of the weights.
    with threadpool_limits(1):
        examples = [Example(utterance.text, utterance.intent) for utterance in utterances]
        features = encoder.features([classifiable(example.text) for example in examples])
        return IntentModel(encoder, fit_head(examples, features, seed=seed))


def samples_of(utterances: Sequence[Utterance]) -> list[Sample]:
    """Corpus lines as samples."""
    return [Sample(utterance.text, (utterance.intent,)) for utterance in utterances]


def held_out_figures(model: IntentModel) -> dict[str, float | None]:
    """Figures on the packaged held-out utterances."""
    held_out = samples_of(load_corpus(TEST_FOLDER, TEST_MINIMUM))
    return measured(model.head, model.features([sample.text for sample in held_out]), held_out)


def write_default(model: IntentModel, folder: Path) -> dict[str, object]:
    """Write the head and, beside it, a card with the data's hash, the seed and the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEAD_FILE).write_bytes(model.head.to_bytes())
    card: dict[str, object] = {
        "encoder": f"{ENCODER}, frozen",
        "files": file_hashes(folder),
        "seed": SEED,
        "train": side_card(samples_of(load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM))),
        "test": side_card(samples_of(load_corpus(TEST_FOLDER, TEST_MINIMUM))),
        "figures": held_out_figures(model),
    }
    write_json(folder / CARD_FILE, card)
    return card
