"""What the bench reads from sound, and the sound that it makes."""

import numpy as np
import pytest

from server.bench.barge_in import NOISES, SOUNDS, trials
from server.bench.calls import SAMPLES, drawn_evenly, recorded_calls, turn_type
from server.bench.interruptions import interruption, onset_of
from server.bench.load import underruns
from server.bench.pauses import DIGIT_GAP, with_pauses, word_boundaries
from server.bench.sounds import make_sound, room_tone, um
from server.caller import CallLog, ReceivedEvent
from server.client.sound import PacedSpeaker, SampleClock, echo_of
from server.replay.scenario import load_scenario
from voice.pcm import read_wav

RATE = 8000


def voice(seconds: float, level: int = 6000) -> np.ndarray:
    return (level * np.cos(np.arange(int(seconds * RATE)) * 0.7)).astype(np.int16)


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.int16)


def at(seconds: float) -> int:
    return int(seconds * RATE)


def test_the_moment_at_which_an_answer_falls_silent():
    right = np.concatenate((voice(3.25), quiet(2)))
    found = interruption(right, RATE, at(3.0))
    assert found.ducked == pytest.approx(0.25, abs=0.02)
    assert not found.went_on


def test_an_answer_turned_down_by_twenty_decibels_counts_as_silent():
    right = np.concatenate((voice(3.2), voice(1.0, 500), voice(1.0)))
    found = interruption(right, RATE, at(3.0))
    assert found.ducked == pytest.approx(0.2, abs=0.02)
    assert found.back == pytest.approx(1.2, abs=0.03)
    assert found.went_on


def test_a_pause_between_words_is_not_yielding():
    right = np.concatenate((voice(3.0), quiet(0.2), voice(2.0)))
    found = interruption(right, RATE, at(2.9))
    assert found.ducked is None
    assert found.went_on


def test_what_comes_after_the_callers_words_is_not_the_old_answer():
    right = np.concatenate((voice(3.2), quiet(1.5), voice(1.0)))
    assert not interruption(right, RATE, at(3.0), until=at(4.5)).went_on
    assert interruption(right, RATE, at(3.0)).went_on


def test_an_answer_that_falls_silent_at_the_very_end_of_the_callers_words_has_stopped():
    right = np.concatenate((voice(3.9), quiet(1.0), voice(1.0)))
    found = interruption(right, RATE, at(3.0), until=at(4.0))
    assert found.ducked == pytest.approx(0.9, abs=0.02)
    assert not found.went_on


def test_nothing_is_measured_over_silence():
    assert interruption(np.concatenate((voice(1.0), quiet(4))), RATE, at(4.0)) is None


def test_the_onset_is_the_callers_first_sound():
    left = np.concatenate((quiet(1.0), voice(1.0)))
    assert onset_of(left, RATE, at(0.5), at(2.0)) == pytest.approx(at(1.0), abs=5)
    assert onset_of(left, RATE, 0, at(0.5)) is None


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("kind", SOUNDS)
def test_noises_are_the_same_for_the_same_seed_and_loud_enough(kind, rate):
    first, again = make_sound(kind, rate, 3), make_sound(kind, rate, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first[:2000], make_sound(kind, rate, 4)[:2000])
    assert 0.2 * rate < len(first) < 2.5 * rate
    assert np.abs(first).max() > 0.1 * 32768


def recorded(call: str, n: int):
    samples, rate = read_wav(SAMPLES / call / f"{n:02}.wav")
    return samples, rate, load_scenario(SAMPLES / call / "scenario.yaml").turns[n - 1].say


def test_pauses_are_put_between_words_and_take_nothing_away():
    samples, rate, words = recorded("balance", 2)
    paused = with_pauses(samples, rate, words, digits=True, seed=1)
    assert (paused.kind, paused.pauses) == ("digits", 3)
    assert len(paused.samples) == len(samples) + 3 * int(DIGIT_GAP * rate)
    assert np.array_equal(paused.samples[:800], samples[:800])
    assert np.array_equal(paused.samples[-800:], samples[-800:])
    again = with_pauses(samples, rate, words, digits=True, seed=1)
    assert np.array_equal(paused.samples, again.samples)


def test_boundaries_lie_where_the_recording_is_quieter():
    samples, rate, words = recorded("balance", 2)
    loudness = np.mean(np.square(samples, dtype=float))
    width = rate // 50
    for place in word_boundaries(samples, rate, words):
        around = samples[place - width // 2 : place + width // 2]
        assert np.mean(np.square(around, dtype=float)) < loudness / 2


def test_a_sentence_gets_one_pause_and_a_short_one_none():
    samples, rate, words = recorded("balance", 1)
    kinds = {with_pauses(samples, rate, words, digits=False, seed=n).kind for n in range(8)}
    assert kinds == {"comma", "um"}
    assert with_pauses(samples, rate, "Yes, please.", digits=False, seed=1) is None


def test_room_tone_is_the_recordings_own():
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 50, 2 * RATE).astype(np.int16)
    samples[RATE:] += voice(1.0)
    tone = room_tone(samples, RATE, seed=2)
    assert len(tone) == RATE
    assert 25 < np.std(tone) < 100
    assert len(um(RATE, 1)) > 0.4 * RATE


def log_of(gaps, *events) -> CallLog:
    received = tuple(ReceivedEvent(at_s, message) for at_s, message in events)
    stereo = np.zeros((RATE, 2), np.int16)
    gaps = tuple((at(a), at(b)) for a, b in gaps)
    return CallLog("c", RATE, received, stereo, (), "hangup", None, gaps, 0.0)


SAID = {"type": "said", "turn": 1, "text": "One."}
MORE = {"type": "said", "turn": 1, "text": "Two."}
LISTENING = {"type": "listening", "turn": 1}


def test_a_silence_within_an_answer_is_a_gap_and_one_between_answers_is_none():
    events = [(1.0, SAID), (2.5, MORE), (4.0, LISTENING)]
    assert underruns(log_of([(0.2, 1.0), (2.0, 2.5), (5.0, 6.0)], *events)) == [0.5]


def test_an_answer_that_was_cleared_has_no_gap():
    events = [(1.0, SAID), (1.5, {"type": "clear", "id": 1}), (3.0, SAID), (4.0, LISTENING)]
    assert underruns(log_of([(1.6, 3.0)], *events)) == []


def test_the_echo_is_what_played_a_moment_ago_and_quieter():
    now = [0.0]
    speaker = PacedSpeaker(SampleClock(RATE, lambda: now[0]))
    speaker.play(voice(0.5))
    echo = echo_of(speaker, delay=800, decibels=-20.0)
    assert not echo(0, 800).any()
    assert np.allclose(echo(800, 800), voice(0.1) / 10, atol=1)
    assert not echo(at(0.7), 800).any()


def test_turns_are_told_apart_by_what_the_caller_says():
    scenario = load_scenario(SAMPLES / "transfer-payee" / "scenario.yaml")
    kinds = [turn_type(scenario, n) for n in range(1, 6)]
    assert kinds == ["command", "digits", "digits", "yes/no", "yes/no"]
    keyed = load_scenario(SAMPLES / "pin-by-keys" / "scenario.yaml")
    assert turn_type(keyed, 1) == "open question"
    assert turn_type(keyed, 2) is None


def test_some_turns_are_drawn_from_all_over_the_calls():
    calls = recorded_calls(SAMPLES)
    some = drawn_evenly(calls, 45)
    places = [calls.index(call) for call in some]
    assert places == sorted(places)
    assert places[-1] - places[0] > 2 * len(calls) / 3
    spoken = [sum(turn.say is not None for turn in call.scenario.turns) for call in some]
    assert 45 <= sum(spoken) < 45 + max(spoken)
    assert drawn_evenly(calls, 10_000) == calls


def test_scenarios_without_recordings_are_left_out(tmp_path):
    text = (SAMPLES / "balance" / "scenario.yaml").read_text()
    for name in ("spoken", "typed"):
        (tmp_path / name).mkdir()
    (tmp_path / "spoken" / "scenario.yaml").write_text(text)
    typed = text.replace("    wav: 02.wav\n", "").replace("name: balance", "name: typed")
    (tmp_path / "typed" / "scenario.yaml").write_text(typed)
    assert [call.scenario.name for call in recorded_calls(tmp_path)] == ["balance"]


def test_trials_are_speech_and_every_noise_in_turns_and_the_same_again():
    calls = recorded_calls(SAMPLES, 4, without=frozenset({"silence"}))
    made = trials(calls, 8, seed=5)
    assert [trial.kind for trial in made[::2]] == ["speech"] * 8
    assert {trial.kind for trial in made[1::2]} == set(NOISES)
    again = trials(calls, 8, seed=5)
    assert [t.offset for t in made] == [t.offset for t in again]
