"""What was made of an utterance before it was certain that it is over."""

import numpy as np
import pytest

from voice.glance import Glance

RATE = 16000
RNG = np.random.default_rng(3)


def line(seconds, loudness=8.0):
    return RNG.normal(0, loudness, int(seconds * RATE)).astype(np.int16)


@pytest.fixture
def said():
    """A second of sound, and the line's silence in which a glance is taken."""
    return np.concatenate([line(1.0, 3000.0), line(0.032)])


def test_more_of_the_same_silence_shows_nothing_new(said):
    assert Glance(said, None).shows(said)
    assert Glance(said, None).shows(np.concatenate([said, line(0.096)]))


def test_a_burst_after_it_was_not_seen(said):
    burst = line(0.096)
    burst[800:1100] += line(300 / RATE, 400.0)
    assert not Glance(said, None).shows(np.concatenate([said, burst]))


def test_it_is_of_one_utterance_only(said):
    other = said.copy()
    other[100] += 1
    assert not Glance(said, None).shows(other)
    assert not Glance(said, None).shows(said[:-1])
    assert not Glance(said, None).shows(np.concatenate([said, line(0.3)]))


def test_with_a_glance_the_recogniser_hears_the_same(recogniser, spoken):
    silence = np.zeros(RATE // 10, np.int16)
    begun = np.concatenate([spoken, silence[:512]])
    glance = recogniser.glance(begun)
    whole = np.concatenate([spoken, silence])
    assert glance is not None
    assert glance.shows(whole)
    assert recogniser.transcribe(whole, glance=glance).text == recogniser.transcribe(whole).text


def test_what_the_glance_saw_is_what_is_heard(recogniser, spoken, recorded):
    """It is really used: a view of other words gives these other words."""
    silence = np.zeros(512, np.int16)
    seen = recogniser.glance(np.concatenate([recorded("demo", 2), silence]))
    whole = np.concatenate([spoken, silence])
    heard = recogniser.transcribe(whole, glance=Glance(whole, seen.encoded))
    assert heard.text != recogniser.transcribe(whole).text


def test_there_is_no_glance_at_noise_or_at_too_much(recogniser, spoken):
    assert recogniser.glance(line(1.0, 50.0)) is None
    assert recogniser.glance(np.tile(spoken, 20)) is None
