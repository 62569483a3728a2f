"""Whether the words of an utterance are all of the sentence."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nlu.corpus.load import TEST_FOLDER, TRAIN_FOLDER, load_corpus
from nlu.endings import Endings, words_of
from nlu.errors import ModelFileError
from nlu.paths import MODEL_FOLDER
from nlu.training.default import SEED
from nlu.training.endings import beginnings, fit_endings


@pytest.fixture(scope="module")
def endings() -> Endings:
    return Endings.load(MODEL_FOLDER)


@pytest.mark.parametrize(
    ("begun", "whole"),
    [
        ("I want to send fifty dollars to", "I want to send fifty dollars to Anna"),
        ("Tell me my balance and", "Tell me my balance"),
        ("No, I said the", "No, I said the savings account"),
        ("I'd like to, um", "I'd like to block my card"),
    ],
)
def test_a_beginning_is_less_finished_than_the_sentence(endings, begun, whole):
    assert endings.finished(begun) < 0.4 < endings.finished(whole)


def test_without_words_nothing_is_finished(endings):
    assert endings.finished("...") == 0.0


def test_held_out_sentences_are_told_from_their_beginnings(endings):
    wholes = [words_of(line.text) for line in load_corpus(TEST_FOLDER, 1)]
    begun = beginnings(wholes, seed=3)
    scores = [endings.finished(" ".join(words)) for words in (*wholes, *begun)]
    assert roc_auc_score([1] * len(wholes) + [0] * len(begun), scores) > 0.88


def test_training_again_gives_the_committed_weights(endings):
    again = fit_endings([line.text for line in load_corpus(TRAIN_FOLDER, 1)], SEED)
    assert np.allclose(again.weights, endings.weights, atol=2e-3)


def test_a_damaged_file_is_told_with_its_cure(tmp_path):
    (tmp_path / "endings.npz").write_bytes(b"no weights")
    with pytest.raises(ModelFileError, match="nlu train"):
        Endings.load(tmp_path)
