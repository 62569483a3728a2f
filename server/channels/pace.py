"""How fast a client may send: one that floods must not hold up the calls beside it."""

from collections.abc import Callable

from server.clock import now
from server.protocol import ProtocolError

AHEAD = 2.0
"""Seconds that a client may be ahead of real time."""

MESSAGES_PER_SECOND = 200
"""More than audio, keys and reports need."""


class Pace:
    """What one client has sent since its call began.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = now) -> None:
        self._clock = clock
        self._began = clock()
        self._messages = 0
        self._seconds = 0.0

    def message(self) -> None:
        """One more has come.

        Raises:
            ProtocolError: They are too many; fatal.
        """
        self._messages += 1
        if self._messages > MESSAGES_PER_SECOND * (self._clock() - self._began + AHEAD):
            raise ProtocolError("too_fast", "more messages than a call needs", fatal=True)

    def sound(self, seconds: float) -> None:
        """So much more sound has come.

        Raises:
            ProtocolError: It is ahead of real time; fatal.
        """
        self._seconds += seconds
        if self._seconds - (self._clock() - self._began) > AHEAD:
            raise ProtocolError("too_fast", "audio runs ahead of real time", fatal=True)
