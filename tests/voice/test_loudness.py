"""One level, no clipping, and no silence at the ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.loudness import SilenceTrim, gain_for, limited, speech_level

RATE = 22050


def tone(seconds: float, peak: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * 200 * t)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.float32)


def test_the_level_of_a_sine_is_three_decibels_below_its_peak() -> None:
    assert speech_level(tone(1.0, 1.0), RATE) == pytest.approx(-3.01, abs=0.05)
    assert speech_level(tone(1.0, 0.1), RATE) == pytest.approx(-23.01, abs=0.05)


def test_pauses_do_not_lower_the_level() -> None:
    with_pauses = np.concatenate([silence(1), tone(1.0, 0.5), silence(2)])
    assert speech_level(with_pauses, RATE) == pytest.approx(-9.03, abs=0.1)
    assert speech_level(silence(1), RATE) == float("-inf")


def test_the_gain_brings_speech_to_the_target_but_not_silence() -> None:
    quiet = tone(1.0, 0.05)
    assert speech_level(quiet * gain_for(quiet, RATE), RATE) == pytest.approx(-20.0, abs=0.1)
    assert gain_for(silence(1), RATE) == 1.0
    assert gain_for(tone(1.0, 1e-5), RATE) == pytest.approx(10.0)


@given(st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=50))
def test_no_sample_reaches_full_scale_and_the_order_is_kept(values: list[float]) -> None:
    samples = np.array(values, np.float32)
    out = limited(samples)
    assert np.abs(out.astype(int)).max() <= 0.95 * 32767 + 1
    assert np.all(np.diff(out.astype(int)[np.argsort(samples)]) >= 0)
    quiet = np.abs(samples) <= 0.7
    np.testing.assert_allclose(out[quiet] / 32767, samples[quiet], atol=1 / 32767)


@pytest.mark.parametrize("window", [100, 441, 5000, 10**6])
def test_trimming_keeps_4_ms_before_20_ms_after_and_the_silence_within(window: int) -> None:
    speech = np.concatenate([tone(0.2, 0.5), silence(0.3), tone(0.2, 0.5)])
    padded = np.concatenate([silence(0.5), speech, silence(0.4)])
    trim = SilenceTrim(RATE)
    parts = [trim.push(padded[i : i + window]) for i in range(0, len(padded), window)]
    out = np.concatenate([*parts, trim.finish()])
    loud = np.flatnonzero(np.abs(out) > 0.004)
    assert loud[0] <= 0.004 * RATE + 1
    assert len(out) - loud[-1] - 1 <= 0.02 * RATE
    np.testing.assert_array_equal(
        out[loud[0] : loud[-1] + 1], speech[1 : 1 + loud[-1] + 1 - loud[0]]
    )


def test_silence_alone_is_trimmed_to_nothing() -> None:
    trim = SilenceTrim(RATE)
    assert len(trim.push(silence(1))) == 0
    assert len(trim.finish()) == 0
