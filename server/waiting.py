"""How long work waits for an engine: from that, whether another call can be served in time."""

import time
from collections import deque
from collections.abc import Callable

WINDOW = 15.0
"""Seconds that a wait is remembered: about one exchange of a call."""


class Waiting:
    """The waits of one engine's work; thread-safe, because a deque's ends are.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waits: deque[tuple[float, float]] = deque(maxlen=256)
        self._queued: dict[int, float] = {}
        self._next = 0

    @property
    def queued(self) -> int:
        """Pieces of work that have not begun."""
        return len(self._queued)

    def add(self) -> int:
        """A piece of work is queued; gives its ticket."""
        self._next += 1
        self._queued[self._next] = self._clock()
        return self._next

    def begin(self, ticket: int) -> None:
        """It is being worked on, or will never be."""
        since = self._queued.pop(ticket, None)
        if since is not None:
            now = self._clock()
            self._waits.append((now, now - since))

    def seconds(self) -> float:
        """What a piece of work has waited lately: the mean of the last waits, of those too that
        are not over; 0 where nothing was asked for.
        """
        now = self._clock()
        waits = [wait for at, wait in list(self._waits) if now - at <= WINDOW]
        waits += [now - since for since in list(self._queued.values())]
        return sum(waits) / len(waits) if waits else 0.0
