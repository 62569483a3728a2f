"""How fast a client may send: one that floods must not hold up the calls beside it."""

from collections.abc import Callable

from server.clock import now
from server.protocol import ProtocolError

AHEAD = 2.0
"""Seconds that a client may be ahead of real time."""

BEHIND = 5.0
"""Seconds that it may catch up after it was held up; what it did not send before that is lost."""

MESSAGES_PER_SECOND = 200
"""More than audio, keys and reports need."""

KEYS_PER_SECOND = 20
"""More than a telephone dials by itself; some 40 at once are taken."""


class Pace:
    """What one client sends.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = now) -> None:
        self._clock = clock
        self._messages_to = self._sound_to = self._keys_to = clock()

    def message(self) -> None:
        """One more has come.

        Raises:
            ProtocolError: They are too many; fatal.
        """
        why = "more messages than a call needs"
        self._messages_to = self._after(self._messages_to, 1 / MESSAGES_PER_SECOND, why)

    def key(self) -> None:
        """One more was pressed.

        Raises:
            ProtocolError: They are too many; fatal.
        """
        why = "more keys than anybody presses"
        self._keys_to = self._after(self._keys_to, 1 / KEYS_PER_SECOND, why)

    def sound(self, seconds: float) -> None:
        """So much more sound has come.

        Raises:
            ProtocolError: It is ahead of real time; fatal.
        """
        self._sound_to = self._after(self._sound_to, seconds, "audio runs ahead of real time")

    def _after(self, reached: float, seconds: float, why: str) -> float:
        """The time up to which a client has sent, and so much more; unused time lapses."""
        now = self._clock()
        reached = max(reached, now - BEHIND) + seconds
        if reached > now + AHEAD:
            raise ProtocolError("too_fast", why, fatal=True)
        return reached
