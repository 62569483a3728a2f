import hashlib
import json

import numpy as np
import pytest

from nlu.corpus.load import TRAIN_FOLDER, TRAIN_MINIMUM, load_corpus
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.model import CARD_FILE, HEAD_FILE, IntentModel
from nlu.paths import MODEL_FOLDER
from nlu.training.default import (
    fresh_lines,
    held_out_figures,
    samples_of,
    train_default,
    validation_lines,
    write_default,
)
from nlu.training.samples import data_hash


@pytest.fixture(scope="module")
def encoder(encoder_dir) -> SentenceEncoder:
    return SentenceEncoder(encoder_dir)


@pytest.fixture(scope="module")
def packaged(encoder_dir) -> IntentModel:
    return IntentModel.load(MODEL_FOLDER, encoder_dir)


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((MODEL_FOLDER / CARD_FILE).read_text(encoding="utf-8"))


def test_the_committed_head_is_that_of_the_card_and_of_this_corpus(card):
    content = (MODEL_FOLDER / HEAD_FILE).read_bytes()
    assert hashlib.sha256(content).hexdigest() == card["files"][HEAD_FILE]
    train_hash = data_hash(samples_of(load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)))
    assert train_hash == card["train"]["sha256"], "the corpus changed: run tellerline nlu train"


def test_the_head_never_saw_the_held_out_utterances(packaged):
    known = {example.text for example in packaged.head.examples}
    for lines in (validation_lines(), fresh_lines()):
        assert known.isdisjoint(u.text for u in lines)


def test_the_figures_of_the_card_are_true(packaged, card):
    assert held_out_figures(packaged) == pytest.approx(card["figures"], abs=0.01)


def test_a_sentence_has_one_vector_whatever_is_beside_it(encoder):
    alone = encoder.encode(["what is my balance"])
    together = encoder.encode(["hello", "what is my balance", "one two three four five six"])
    assert np.abs(alone[0] - together[1]).max() < 1e-5
    assert np.linalg.norm(alone[0]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.slow
def test_the_vectors_are_those_of_the_published_encoder(encoder, encoder_dir):
    from sentence_transformers import SentenceTransformer

    texts = ["what is my balance", "transfer fifty dollars to my savings account, please"]
    published = SentenceTransformer(str(encoder_dir), device="cpu").encode(
        texts, normalize_embeddings=True
    )
    assert np.abs(encoder.encode(texts) - published).max() < 1e-5


@pytest.mark.slow
def test_training_again_gives_the_committed_files(encoder, packaged, tmp_path):
    again = train_default(encoder)
    write_default(again, tmp_path)
    if {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in MODEL_FOLDER.iterdir()
    }:
        return
    # Another processor may round the last bits otherwise: what is understood must not differ.
    features = packaged.features([u.text for u in fresh_lines()])
    before, after = packaged.head.probabilities(features), again.head.probabilities(features)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert np.abs(before - after).max() < 0.02
    assert again.head.threshold == pytest.approx(packaged.head.threshold, abs=0.005)
