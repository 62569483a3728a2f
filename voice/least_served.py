"""One worker shared by several streams: whoever has been given least goes first."""

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class LeastServedFirst:
    """A lock whose next holder is the waiting stream with the least audio made so far.

    A reply that has not begun is what a caller waits for; one with seconds in store can wait.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._arrivals = itertools.count()
        self._taken = False

    @contextmanager
    def turn(self, served: float) -> Iterator[None]:
        """Hold the worker; `served` is what this stream has had so far, in seconds of audio."""
        ticket = (served, next(self._arrivals))
        with self._changed:
            heapq.heappush(self._waiting, ticket)
            self._changed.wait_for(lambda: not self._taken and self._waiting[0] == ticket)
            heapq.heappop(self._waiting)
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
