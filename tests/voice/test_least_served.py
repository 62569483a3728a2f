"""A reply that has not begun goes before one with sound in store."""

import threading
import time

from voice.least_served import LeastServedFirst


def test_the_stream_with_the_least_audio_goes_first() -> None:
    turns, order = LeastServedFirst(), []

    def take(served: float) -> None:
        with turns.turn(served):
            order.append(served)

    with turns.turn(0.0):
        threads = [threading.Thread(target=take, args=(s,)) for s in (5.0, 0.0, 2.0)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 5
        while len(turns._waiting) < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
    for thread in threads:
        thread.join(5)
    assert order == [0.0, 2.0, 5.0]


def test_only_one_at_a_time_and_an_error_frees_the_worker() -> None:
    turns, inside, most = LeastServedFirst(), 0, 0

    def work(served: int) -> None:
        nonlocal inside, most
        try:
            with turns.turn(served):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1
                raise KeyError
        except KeyError:
            pass

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
    assert most == 1
