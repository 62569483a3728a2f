"""Turns from speech probabilities, with a clock that is the audio itself."""

import numpy as np
import pytest

from voice.turns import (
    RATE,
    Dropped,
    Ended,
    Fit,
    Hushed,
    Paused,
    Resumed,
    Silent,
    Started,
    TurnSettings,
    TurnTaker,
)
from voice.vad import WINDOW

SETTINGS = TurnSettings()


class Caller:
    """Feeds windows of voice and silence and remembers when each event came, in seconds."""

    def __init__(self, taker: TurnTaker) -> None:
        self.taker = taker
        self.events: list[tuple[float, object]] = []

    def _windows(self, seconds: float, probability: float) -> None:
        for _ in range(round(seconds * RATE / WINDOW)):
            window = np.full(WINDOW, round(1000 * probability), np.int16)
            for event in self.taker.hear(window, probability):
                self.events.append((self.taker.received / RATE, event))

    def voice(self, seconds: float) -> None:
        self._windows(seconds, 0.9)

    def silence(self, seconds: float, probability: float = 0.02) -> None:
        self._windows(seconds, probability)

    def judge(self, fit: Fit, over: float, sounded: float = 0.5) -> None:
        generation = self.taker.generation
        self.taker.judged(generation, sounded)
        for event in self.taker.understood(generation, fit, over):
            self.events.append((self.taker.received / RATE, event))

    def of(self, kind: type) -> list:
        return [event for _, event in self.events if isinstance(event, kind)]

    def when(self, kind: type) -> float:
        return next(at for at, event in self.events if isinstance(event, kind))


@pytest.fixture
def caller() -> Caller:
    return Caller(TurnTaker(silence=5.0))


def speak_and_pause(
    caller: Caller, fit: Fit, over: float, pause: float, sounded: float = 0.5
) -> float:
    """One second of voice, a pause that is judged at once, and when the voice ended."""
    caller.silence(0.5)
    caller.voice(1.0)
    ended = caller.taker.received / RATE
    caller.silence(SETTINGS.pause + 0.04)
    caller.judge(fit, over, sounded)
    caller.silence(pause)
    return ended


@pytest.mark.parametrize(
    ("fit", "over", "silence"),
    [
        (Fit.COMPLETE, 0.1, SETTINGS.quick),
        (Fit.OPEN, 0.95, 0.5),
        (Fit.OPEN, 0.7, 0.58),
        (Fit.OPEN, 0.5, 0.7),
        (Fit.OPEN, 0.375, 0.775),
        (Fit.OPEN, 0.05, 1.1),
        (Fit.BINDING, 0.95, SETTINGS.binding),
        (Fit.BINDING, 0.375, 0.775),
        (Fit.PARTIAL, 0.9, SETTINGS.patient),
    ],
)
def test_a_turn_ends_after_the_silence_that_it_deserves(caller, fit, over, silence):
    voice_end = speak_and_pause(caller, fit, over, pause=3.0)
    assert caller.when(Ended) == pytest.approx(voice_end + silence, abs=0.05)
    assert len(caller.of(Ended)) == 1


def test_digits_dictated_with_long_gaps_are_one_turn(caller):
    caller.voice(0.8)
    for _ in range(3):
        caller.silence(0.7)
        caller.judge(Fit.PARTIAL, 0.9)
        caller.silence(0.3)
        caller.voice(0.6)
    caller.silence(0.3)
    caller.judge(Fit.COMPLETE, 0.9)
    caller.silence(0.5)
    assert len(caller.of(Ended)) == 1
    assert len(caller.of(Resumed)) == 3


def test_every_pause_hands_out_the_whole_turn_with_its_first_syllable(caller):
    caller.silence(1.0)
    caller.voice(1.0)
    caller.silence(0.3)
    caller.voice(1.0)
    caller.silence(0.3)
    first, second = caller.of(Paused)
    assert len(second.audio) - len(first.audio) == pytest.approx(1.3 * RATE, abs=2 * WINDOW)
    onset = int(np.argmax(second.audio == 900))
    assert onset >= (SETTINGS.preroll - SETTINGS.onset) * RATE - 2 * WINDOW


def test_a_judgement_of_an_older_pause_does_not_count(caller):
    caller.voice(1.0)
    caller.silence(0.3)
    old = caller.taker.generation
    caller.voice(0.5)
    caller.taker.judged(old, 1.0)
    assert caller.taker.understood(old, Fit.COMPLETE) == []
    caller.silence(1.0)
    assert caller.of(Ended) == []


@pytest.mark.parametrize(("sounded", "ends"), [(0.95, 1), (0.05, 0)])
def test_how_it_sounded_moves_a_turn_that_may_be_over_or_not(caller, sounded, ends):
    speak_and_pause(caller, Fit.OPEN, 0.5, pause=0.5, sounded=sounded)
    assert len(caller.of(Ended)) == ends


def test_what_was_no_speech_is_dropped_and_ends_no_turn(caller):
    speak_and_pause(caller, Fit.NOTHING, 0.9, pause=3.0)
    assert len(caller.of(Dropped)) == 1
    assert caller.of(Ended) == []


def test_a_click_starts_no_turn(caller):
    for _ in range(10):
        caller.voice(0.032)
        caller.silence(0.5)
    assert caller.of(Started) == []


def test_silence_counts_only_while_the_assistant_listens(caller):
    caller.silence(20)
    assert caller.of(Silent) == []
    caller.taker.listen()
    caller.silence(4.9)
    assert caller.of(Silent) == []
    caller.silence(0.2)
    assert len(caller.of(Silent)) == 1
    caller.silence(20)
    assert len(caller.of(Silent)) == 1


def test_a_caller_who_never_pauses_is_answered_in_the_end(caller):
    caller.voice(SETTINGS.longest_turn + 1)
    assert len(caller.of(Ended)) == 1


def test_keys_end_a_spoken_turn_under_way(caller):
    caller.voice(1.0)
    assert caller.taker.take_turn() == 1
    caller.silence(3.0)
    assert caller.of(Ended) == []
    assert caller.taker.take_turn() == 2


def test_a_silence_is_told_before_it_is_a_pause_and_once(caller):
    caller.voice(0.5)
    caller.silence(0.3)
    (hushed,), (paused,) = caller.of(Hushed), caller.of(Paused)
    assert caller.when(Paused) - caller.when(Hushed) == pytest.approx(0.064)
    assert np.array_equal(paused.audio[: len(hushed.audio)], hushed.audio)
    caller.voice(0.2)
    caller.silence(0.05)
    assert len(caller.of(Hushed)) == 2


def test_a_caller_who_draws_breath_to_go_on_as_the_wait_ends_is_not_cut_into(
    caller: Caller,
) -> None:
    ended = speak_and_pause(caller, Fit.OPEN, 0.95, pause=0.32)
    while caller.taker.received / RATE - ended < 0.5 - WINDOW / RATE:
        caller.silence(WINDOW / RATE)

    caller.silence(2 * WINDOW / RATE, probability=0.2)
    caller.voice(1.0)

    assert not caller.of(Ended)
    assert caller.of(Resumed)


def test_a_sound_that_is_hardly_a_voice_holds_a_turn_up_no_longer_than_the_grace(
    caller: Caller,
) -> None:
    ended = speak_and_pause(caller, Fit.OPEN, 0.95, pause=0.0)

    caller.silence(2.0, probability=0.2)

    assert caller.when(Ended) - ended == pytest.approx(0.5 + SETTINGS.grace, abs=WINDOW / RATE)
