import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from voice.window import frames_for, log_mel, split_at_silences


def seconds(count):
    return np.zeros(int(count * 16000), dtype=np.int16)


@pytest.mark.parametrize(
    ("length", "frames"), [(0.0, 1000), (3.0, 1000), (9.0, 1000), (12.345, 1334), (29.5, 3000)]
)
def test_a_window_is_the_audio_and_a_margin_but_never_shorter_than_the_floor(length, frames):
    assert frames_for(seconds(length), 10.0) == frames


def test_features_of_a_full_window_are_those_whisper_was_trained_on(spoken):
    extractor = FeatureExtractor()
    padded = np.zeros(30 * 16000, dtype=np.float32)
    padded[: len(spoken)] = spoken / 32768
    assert np.array_equal(log_mel(extractor, spoken, 3000), extractor(padded, padding=0)[:, :3000])


def test_a_short_window_has_the_same_features_of_the_speech(spoken):
    extractor = FeatureExtractor()
    short, full = log_mel(extractor, spoken, 1000), log_mel(extractor, spoken, 3000)
    assert short.shape == (80, 1000)
    assert np.allclose(short, full[:, :1000], atol=1e-5)


def test_short_audio_is_not_cut(spoken):
    assert len(list(split_at_silences(spoken))) == 1


def test_long_audio_is_cut_in_its_pauses_and_nothing_is_lost(spoken):
    pause = seconds(1.0)
    sentence = np.concatenate((spoken, pause))
    long = np.tile(sentence, 1 + 65 * 16000 // len(sentence))
    parts = list(split_at_silences(long))
    assert np.array_equal(np.concatenate(parts), long)
    assert all(len(part) <= 14 * 16000 for part in parts)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    assert len(ends) >= 2
    for end in ends:
        within = end % len(sentence)
        assert within > len(spoken) - 3000 or within < 3000


def test_ten_silent_minutes_are_cut_without_end_pieces():
    parts = list(split_at_silences(seconds(600)))
    assert sum(len(part) for part in parts) == 600 * 16000
    assert all(8 * 16000 <= len(part) <= 14 * 16000 for part in parts[:-1])
