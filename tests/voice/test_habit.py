"""Who pauses in the middle of sentences is waited for longer; who never does is answered sooner."""

import pytest

from tests.voice.test_turns import Caller, speak_and_pause
from voice.habit import LONG, MOST, PauseHabit
from voice.turns import RATE, Ended, Fit, TurnTaker


def waited(caller: Caller) -> float:
    """Seconds of silence that end the next turn, which may be over or not."""
    before = len(caller.of(Ended))
    voice_end = speak_and_pause(caller, Fit.OPEN, 0.6, pause=1.5)
    assert len(caller.of(Ended)) == before + 1
    return caller.of(Ended)[-1].at / RATE - voice_end


def dictate(caller: Caller, pause: float) -> None:
    for _ in range(4):
        caller.voice(0.4)
        caller.silence(pause)
    caller.voice(0.4)
    caller.silence(2.0)


def test_a_caller_who_pauses_is_waited_for_longer_than_one_who_does_not():
    steady, pausing = Caller(TurnTaker()), Caller(TurnTaker())
    first = waited(steady)
    for _ in range(4):
        waited(steady)
    dictate(pausing, 0.5)
    assert waited(steady) < first < waited(pausing)


def test_nothing_is_learnt_from_short_pauses():
    brisk, steady = Caller(TurnTaker()), Caller(TurnTaker())
    dictate(brisk, LONG - 0.1)
    dictate(steady, 0.0)
    assert waited(brisk) == pytest.approx(waited(steady))


def test_who_is_cut_into_is_waited_for_longer():
    """A turn that was ended too early says the caller pauses, not that they had finished."""
    caller = Caller(TurnTaker())
    first = waited(caller)
    for _ in range(4):
        caller.voice(1.0)
        caller.silence(0.14)
        caller.judge(Fit.OPEN, 0.6)
        caller.silence(0.6)
    caller.silence(2.0)
    assert len(caller.of(Ended)) == 5
    assert waited(caller) > first


def test_nothing_is_learnt_from_gaps_between_digits():
    taker = TurnTaker()
    caller = Caller(taker)
    first = waited(caller)
    caller.voice(0.4)
    for _ in range(3):
        caller.silence(0.3)
        taker.understood(taker.generation, Fit.PARTIAL)
        caller.silence(0.4)
        caller.voice(0.4)
    caller.silence(2.0)
    assert waited(caller) < first


def test_a_habit_counts_only_so_much():
    habit = PauseHabit()
    assert habit.odds == 0.0
    for _ in range(100):
        habit.resumed(0.6)
    assert habit.odds == -MOST
    for _ in range(10_000):
        habit.began_again(5.0)
    assert habit.odds == MOST
