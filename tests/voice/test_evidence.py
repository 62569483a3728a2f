"""Speech is found in time, with its first syllable, and noise is not taken for it."""

from pathlib import Path

import numpy as np
import pytest

from voice.evidence import SpeechEvidence
from voice.pcm import read_wav
from voice.resampling import resample
from voice.turns import RATE, Paused, Started, TurnTaker
from voice.vad import WINDOW

RECORDINGS = sorted((Path(__file__).parents[2] / "audio_samples").glob("*/0*.wav"))
AUDIBLE = 400
"""Amplitude from which a person would hear that somebody has begun to speak."""


def events(samples: np.ndarray, *, playing: bool = False) -> list[tuple[float, object]]:
    evidence, taker = SpeechEvidence(), TurnTaker()
    found = []
    for window in samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW):
        for event in taker.hear(window, evidence.process(window, playing=playing)):
            found.append((taker.received / RATE, event))
    return found


def test_there_are_recordings():
    assert len(RECORDINGS) > 100


def test_no_recorded_turn_loses_its_first_syllable():
    lost = []
    for n, path in enumerate(RECORDINGS):
        speech = resample(*read_wav(path), RATE)
        quiet = RATE * (3 + n % 5) + 37 * n
        samples = np.pad(speech, (quiet, 2 * RATE))
        onset = quiet + int(np.flatnonzero(np.abs(speech.astype(int)) > AUDIBLE)[0])
        paused = [(at, e) for at, e in events(samples) if isinstance(e, Paused)]
        first = min((at * RATE - len(e.audio) for at, e in paused), default=np.inf)
        if first > onset:
            lost.append(path.parent.name + "/" + path.name)
    assert lost == []


@pytest.mark.parametrize("level", [-50, -35, -25])
@pytest.mark.parametrize("playing", [True, False])
def test_steady_noise_is_no_speech(level, playing):
    noise = np.random.default_rng(3).normal(0, 32768 * 10 ** (level / 20), 20 * RATE)
    samples = np.clip(noise, -32768, 32767).astype(np.int16)
    assert not [e for _, e in events(samples, playing=playing) if isinstance(e, Started)]


def test_a_bang_starts_no_turn():
    samples = np.zeros(20 * RATE, np.int16)
    samples[:: 2 * RATE] = 30000
    assert not [e for _, e in events(samples) if isinstance(e, Started)]


def test_the_end_of_speech_is_noticed_at_once_on_a_quiet_line():
    late = []
    for path in RECORDINGS:
        speech = resample(*read_wav(path), RATE)
        loud = np.flatnonzero(np.abs(speech.astype(int)) > AUDIBLE)
        samples = np.pad(speech, (RATE, RATE))
        evidence, end = SpeechEvidence(), 0
        for n, window in enumerate(samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)):
            if evidence.process(window, playing=False) >= TurnTaker().settings.still_voiced:
                end = (n + 1) * WINDOW
        late.append((end - RATE - int(loud[-1])) / RATE)
    assert np.median(late) < 0.03
