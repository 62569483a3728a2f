"""What the recogniser is fitted on: nothing held out, and the same every time."""

import numpy as np
import pytest

from nlu.corpus.load import FRESH_FOLDER, TEST_FOLDER, load_corpus
from nlu.text import plain
from server.adaptation import sentences as module
from server.adaptation.decoder import FittedDecoder
from server.adaptation.sentences import Words, written
from server.adaptation.sounds import Callers
from server.adaptation.train import NOT_ASKED, Heard, Prompts, Recipe, fit, recordings
from voice.spoken_form import spoken_form
from voice.synthesiser import Synthesiser


@pytest.mark.slow
def test_no_held_out_sentence_is_among_them():
    held_out = {
        plain(spoken_form(line.text))
        for folder in (TEST_FOLDER, FRESH_FOLDER)
        for line in load_corpus(folder, 1)
    }
    found = module.sentences(3000, seed=1)
    assert len(found) == 3000
    assert not {text for text in map(plain, found) if text in held_out and " " in text}


def test_sentences_are_words_and_the_same_for_a_seed():
    words = Words(3)
    drawn = [words.sentence() for _ in range(200)]
    assert all(text == written(text) for text in drawn)
    assert not any(character.isdigit() or character in "{}" for text in drawn for character in text)
    assert len(set(drawn)) > 150
    again = Words(3)
    assert drawn == [again.sentence() for _ in range(200)]


@pytest.mark.slow
def test_a_few_lessons_lower_the_loss_and_leave_the_model_as_it_was(whisper_dir, voice_dir):
    callers = Callers(Synthesiser(voice_dir, device="cpu", threads=1), seed=1)
    said = list(recordings(callers, [Words(1).sentence() for _ in range(15)]))
    assert [each.text for each in said[::2]][:15] == [each.text for each in said[1::2]][:15]
    assert said[-1].text == ""
    assert all(each.samples.dtype == np.int16 for each in said)
    encoded = np.random.default_rng(1).normal(0, 1, (500, 512)).astype(np.float16)
    heard = [Heard("Send fifty dollars to Jane.", encoded)]
    prompts = Prompts(whisper_dir, "en", 1)
    decoder = fit(whisper_dir / "model.bin", prompts, heard, Recipe(rounds=40, batch=1))
    fresh = FittedDecoder(whisper_dir / "model.bin", 16)
    assert not any(np.any(array) for name, array in fresh.difference().items() if ".up" in name)
    assert all(np.any(array) for array in decoder.difference().values())


def test_only_what_follows_is_learnt(whisper_dir):
    tokens, labels = Prompts(whisper_dir, "en", 1).draw("Send fifty dollars to Jane.")
    assert len(tokens) == len(labels)
    asked = [place for place, label in enumerate(labels) if label != NOT_ASKED]
    said = [label for place, label in enumerate(labels) if place in asked[1:]]
    assert tokens[asked[1] + 1 :] == said[:-1]
