"""Latency is read from sound in a recording, and from nothing else."""

import numpy as np
import pytest
import soundfile as sf

from server.recording import (
    TurnSpan,
    response_latency,
    speech_level,
    stereo_of,
    swapped,
    timeline,
    write_stereo,
    yield_latency,
)

RATE = 8000


def burst(seconds: float, level: int = 8000) -> np.ndarray:
    return (level * np.cos(np.arange(int(seconds * RATE)))).astype(np.int16)


def track(*placed: tuple[float, np.ndarray], seconds: float = 4.0) -> np.ndarray:
    samples = np.zeros(int(seconds * RATE), np.int16)
    for at, sound in placed:
        start = int(at * RATE)
        samples[start : start + len(sound)] = sound
    return samples


def test_latency_counts_from_the_last_sound_not_from_the_end_of_the_file():
    stereo = stereo_of(track((0.5, burst(1.0))), track((2.2, burst(0.5))))
    span = TurnSpan(began=0, until=2 * RATE, answer_from=2 * RATE)
    assert response_latency(stereo, RATE, span) == pytest.approx(0.7, abs=0.001)


def test_a_quiet_start_of_the_answer_is_not_yet_a_sound():
    hiss = burst(0.4, level=200)
    stereo = stereo_of(track((0.0, burst(1.0))), track((1.2, hiss), (1.6, burst(0.5))))
    span = TurnSpan(0, RATE, int(1.2 * RATE))
    assert response_latency(stereo, RATE, span) == pytest.approx(0.6, abs=0.001)


def test_an_answer_into_the_callers_words_is_below_zero():
    stereo = stereo_of(track((0.0, burst(2.0))), track((1.5, burst(1.0))))
    span = TurnSpan(0, 2 * RATE, int(1.5 * RATE))
    assert response_latency(stereo, RATE, span) == pytest.approx(-0.5, abs=0.001)


@pytest.mark.parametrize(
    ("left", "right", "answer_from"),
    [
        (track(), track((2.0, burst(0.5))), 2 * RATE),
        (track((0.0, burst(1.0))), track(), 2 * RATE),
        (track((0.0, burst(1.0))), track((2.0, burst(0.5))), None),
    ],
    ids=["caller silent", "answer silent", "no answer"],
)
def test_there_is_no_latency_without_both_sounds(left, right, answer_from):
    assert response_latency(stereo_of(left, right), RATE, TurnSpan(0, RATE, answer_from)) is None


def test_keys_make_no_sound_and_count_from_the_last_key():
    stereo = stereo_of(track(), track((2.0, burst(0.5))))
    span = TurnSpan(int(1.5 * RATE), int(1.5 * RATE), int(1.6 * RATE))
    assert response_latency(stereo, RATE, span) == pytest.approx(0.5, abs=0.001)


def test_background_noise_after_the_words_is_not_speech():
    rng = np.random.default_rng(7)
    noise = (rng.normal(0, 400, 2 * RATE)).astype(np.int16)
    spoken = noise.copy()
    spoken[: int(1.2 * RATE)] += burst(1.2, level=12000)
    assert speech_level(spoken, RATE) > 0.03
    left = track((0.0, spoken))
    span = TurnSpan(0, 2 * RATE, 2 * RATE)
    latency = response_latency(stereo_of(left, track((2.5, burst(0.5)))), RATE, span)
    assert latency == pytest.approx(1.3, abs=0.02)


def test_a_clean_recording_keeps_the_plain_level():
    assert speech_level(track((0.5, burst(1.0))), RATE) == 0.01


def test_yield_latency_is_how_long_both_spoke():
    stereo = stereo_of(track((1.0, burst(1.0))), track((0.2, burst(1.1)), (2.5, burst(0.5))))
    span = TurnSpan(RATE, 2 * RATE, int(2.5 * RATE))
    assert yield_latency(stereo, RATE, span) == pytest.approx(0.3, abs=0.001)
    alone = stereo_of(track((1.0, burst(1.0))), track((2.5, burst(0.5))))
    assert yield_latency(alone, RATE, span) is None


def test_the_recording_is_stereo_with_the_caller_left(tmp_path):
    left, right = track((0.0, burst(1.0))), track((2.0, burst(1.0)), seconds=5.0)
    write_stereo(tmp_path / "new" / "call.wav", stereo_of(left, right), RATE)
    samples, rate = sf.read(tmp_path / "new" / "call.wav", dtype="int16")
    assert rate == RATE
    assert samples.shape == (5 * RATE, 2)
    assert np.array_equal(samples[: len(left), 0], left)
    assert np.array_equal(samples[:, 1], right)


def test_a_recording_that_cannot_be_written_says_where(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"call\.wav: the recording cannot be written"):
        write_stereo(tmp_path / "file" / "call.wav", stereo_of(track(), track()), RATE)


def test_the_timeline_shows_who_sounds_when():
    stereo = stereo_of(track((0.0, burst(1.0))), track((2.0, burst(1.0))))
    caller, assistant, scale = timeline(stereo, RATE, width=40).splitlines()
    marks = caller.split("|")[1], assistant.split("|")[1]
    assert [mark != " " for mark in marks[0]] == [i < 10 for i in range(40)]
    assert [mark != " " for mark in marks[1]] == [20 <= i < 30 for i in range(40)]
    assert scale.endswith("4.0 s")


@pytest.mark.parametrize("level", [8000, 300])
def test_a_caller_who_is_hardly_heard_is_on_their_side_all_the_same(level):
    """They spoke over the greeting; the other way round it is told, whatever their level."""
    caller = track((1.0, burst(1.0, level)))
    assistant = track((0.2, burst(1.2)), (2.5, burst(0.5)))
    spans = [TurnSpan(0, 0, 0), TurnSpan(RATE, 2 * RATE, int(2.5 * RATE))]
    assert not swapped(stereo_of(caller, assistant), spans)
    assert not swapped(stereo_of(caller, assistant), spans[1:])


def test_sides_are_swapped_where_the_callers_side_answers():
    assistant = track((0.2, burst(0.6)), (2.5, burst(0.5)))
    spans = [TurnSpan(0, 0, 0), TurnSpan(RATE, 2 * RATE, int(2.5 * RATE))]
    caller = track((1.0, burst(1.0)))
    assert swapped(stereo_of(assistant, caller), spans)
    assert not swapped(stereo_of(caller, assistant), spans)
    assert not swapped(stereo_of(track(), caller), spans), "no answer tells the sides apart"
