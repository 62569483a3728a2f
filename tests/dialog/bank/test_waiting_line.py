"""The line for a person: urgent callers first, each taken by one colleague; on both databases."""

import threading
from datetime import timedelta

import pytest

from dialog.bank.waiting_line import LONGEST_WAIT, NewWaiting
from dialog.errors import UnknownTask


def join(bank, call, *, first=False, mood="calm"):
    return bank.line.join(NewWaiting(call, None, first, mood, f"summary of {call}"))


def order(bank):
    return [one.call_id for one in bank.line.waiting()]


def test_callers_wait_in_the_order_in_which_they_came(bank, clock):
    places = []
    for call in ("a", "b", "c"):
        places.append(join(bank, call))
        clock.pass_time(seconds=10)
    assert places == [1, 2, 3]
    assert order(bank) == ["a", "b", "c"]
    assert bank.line.take("Ada").call_id == "a"
    assert join(bank, "d") == 3


def test_who_goes_first_stands_before_the_calm_and_behind_their_like(bank, clock):
    for call, first in (("a", False), ("b", True), ("c", False), ("d", True)):
        join(bank, call, first=first)
        clock.pass_time(seconds=10)
    assert order(bank) == ["b", "d", "a", "c"]
    assert join(bank, "e", first=True, mood="angry") == 3


def test_joining_twice_is_joining_once(bank):
    join(bank, "a")
    assert join(bank, "a") == 1
    assert order(bank) == ["a"]


def test_who_left_or_waited_too_long_is_before_nobody(bank, clock):
    join(bank, "a")
    join(bank, "b")
    bank.line.leave("a")
    assert order(bank) == ["b"]
    clock.pass_time(minutes=LONGEST_WAIT / timedelta(minutes=1))
    assert join(bank, "c") == 1
    assert order(bank) == ["c"]


def test_a_caller_is_taken_by_one_colleague(bank):
    join(bank, "a")
    told = []

    def take(name):
        try:
            told.append(bank.line.take(name).summary)
        except UnknownTask:
            told.append("nobody")

    threads = [threading.Thread(target=take, args=(name,)) for name in ("Ada", "Ben", "Cleo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["nobody", "nobody", "summary of a"]
    with pytest.raises(UnknownTask):
        bank.line.take("Ada", "a")
    assert bank.check_audit().findings == ()
