"""What the recogniser is fitted on: nothing held out, and the same every time."""

from pathlib import Path

import numpy as np
import pytest

from nlu.corpus.load import FRESH_FOLDER, load_corpus
from nlu.text import plain
from server.adaptation import sentences as module
from server.adaptation.decoder import FittedDecoder
from server.adaptation.sentences import Words, written
from server.adaptation.sounds import STYLES, Callers
from server.adaptation.train import (
    NOT_ASKED,
    Heard,
    Prompts,
    Recipe,
    _loss,
    fit,
    options_of,
    recordings,
)
from server.replay.scenario import find_scenarios, load_scenario
from server.replay.voices import VOICES
from voice.spoken_form import spoken_form
from voice.synthesiser import Synthesiser


@pytest.mark.slow
def test_no_held_out_sentence_is_among_them():
    held_out = set(module._held_out())
    assert "please send thirty dollars to tom becker" in held_out  # said in a recorded call
    assert {plain(spoken_form(line.text)) for line in load_corpus(FRESH_FOLDER, 1)} < held_out
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
    model, recipe = whisper_dir / "model.bin", Recipe(rounds=40, batch=1)
    before = model.read_bytes()
    decoder = fit(model, Prompts(whisper_dir, "en", 1), heard, recipe)
    fresh = FittedDecoder(model, 16)
    losses = [
        _loss(each, Prompts(whisper_dir, "en", 2), heard, recipe).item()
        for each in (fresh, decoder)
    ]
    assert losses[1] < 0.5 * losses[0]
    assert model.read_bytes() == before
    assert not any(np.any(array) for name, array in fresh.difference().items() if ".up" in name)
    assert all(np.any(array) for array in decoder.difference().values())


def test_no_voice_of_a_recorded_call_is_learnt_from():
    root = Path(__file__).parents[2] / "audio_samples"
    voices = [VOICES[load_scenario(path).caller.voice] for path in find_scenarios(root)]
    assert not {voice.style for voice in voices if voice.engine == "espeak"} & set(STYLES)


def test_how_much_of_the_difference_is_written_is_told_or_the_recipes():
    assert options_of(["--out", "x", "--kept", "1"]).kept == 1.0
    assert options_of(["--out", "x"]).kept == Recipe().kept


def test_only_what_follows_is_learnt(whisper_dir):
    tokens, labels = Prompts(whisper_dir, "en", 1).draw("Send fifty dollars to Jane.")
    assert len(tokens) == len(labels)
    asked = [place for place, label in enumerate(labels) if label != NOT_ASKED]
    said = [label for place, label in enumerate(labels) if place in asked[1:]]
    assert tokens[asked[1] + 1 :] == said[:-1]
