"""A lock that is handed on in the order of asking.

SQLite lets waiting writers poll: under load the unlucky ones poll past their time while newcomers
slip in. Within one process nobody has to.
"""

from collections import deque
from threading import Lock


class FairLock:
    """First come, first served."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._held = False
        self._waiting: deque[Lock] = deque()

    def acquire(self, timeout_s: float) -> bool:
        """Wait for one's turn, for at most timeout_s seconds; whether it came."""
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        # It was handed over between our giving up and our saying so.
        return True

    def release(self) -> None:
        """Hand the lock to whoever has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
