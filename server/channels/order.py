"""Numbered pieces of one stream in their order, each once those before it are there or given up.

Nothing here is played at a pace, so nothing has to wait but for order's sake. One that is missing
is given up when more than `HELD` after it are there, or when whoever has a clock says so.
"""

from typing import Generic, TypeVar

Piece = TypeVar("Piece")

HELD = 3
"""Pieces that may wait for one before them: 60 ms, by which packets overtake one another."""

FAR = 100
"""A number that is so far behind is no late one: the sender counts anew."""


class InOrder(Generic[Piece]):
    """One stream.

    Args:
        numbers: How many there are before they begin again.
    """

    def __init__(self, numbers: int) -> None:
        self._numbers = numbers
        self._waiting: dict[int, Piece] = {}
        self._next: int | None = None

    @property
    def waiting(self) -> int:
        """Pieces that are held back."""
        return len(self._waiting)

    def add(self, number: int, piece: Piece) -> list[tuple[Piece, int]]:
        """Take one, and give all that are there or given up in order by now.

        Returns:
            Them, and how many before each were given up.
        """
        following = number if self._next is None else self._next
        behind = (following - number) % self._numbers
        if 0 < behind < FAR:
            return []  # a double, or it was given up
        if FAR <= behind < self._numbers // 2:
            self._waiting.clear()
            following = number
        self._waiting[number] = piece
        self._next = following
        return self._ready(HELD)

    def give_up(self) -> list[tuple[Piece, int]]:
        """Give, as `add` does, what waits for the first that is missing."""
        return self._ready(len(self._waiting) - 1)

    def _ready(self, most: int) -> list[tuple[Piece, int]]:
        ready = []
        while self._waiting and (self._next in self._waiting or len(self._waiting) > most):
            following = self._next or 0
            first = min(self._waiting, key=lambda waiting: (waiting - following) % self._numbers)
            ready.append((self._waiting.pop(first), (first - following) % self._numbers))
            self._next = (first + 1) % self._numbers
        return ready
