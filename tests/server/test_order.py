"""Pieces of a stream come out in order, and none of them waits for longer than it has to."""

import pytest

from server.channels.order import InOrder


@pytest.mark.parametrize(
    ("arrivals", "out"),
    [
        ([0, 2, 1, 3], [[0], [], [1, 2], [3]]),
        ([0, 3, 2, 1, 4], [[0], [], [], [1, 2, 3], [4]]),
        ([0, 2, 3, 4, 5, 6], [[0], [], [], [], [2, 3, 4, 5], [6]]),
        ([0, 3, 4, 1, 5, 6, 7], [[0], [], [], [1], [], [3, 4, 5, 6], [7]]),
        ([0, 2, 4, 5, 6, 7, 8], [[0], [], [], [], [2], [4, 5, 6, 7], [8]]),
        ([0, 2, 3, 4, 5, 1, 6], [[0], [], [], [], [2, 3, 4, 5], [], [6]]),
    ],
    ids=["swapped", "twice overtaken", "lost", "one late, one lost", "two lost", "too late"],
)
def test_nothing_waits_after_a_swap_nor_after_what_was_lost_is_given_up(arrivals, out):
    order = InOrder[int](1 << 16)
    ready = [order.add(number, number) for number in arrivals]
    assert [[piece for piece, _ in each] for each in ready] == out
    assert order.waiting == 0
    told = sum(lost for each in ready for _, lost in each)
    assert told == max(arrivals) + 1 - sum(map(len, ready))


def test_who_is_tired_of_waiting_has_what_came_after_the_first_that_is_missing():
    order = InOrder[int](1 << 16)
    for number in (65535, 1, 3):
        order.add(number, number)
    assert order.give_up() == [(1, 1)]
    assert order.give_up() == [(3, 1)]
    assert order.give_up() == []
