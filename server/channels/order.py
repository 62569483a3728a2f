"""Numbered pieces of one stream in their order, each once those before it are there or given up.

Nothing here is played at a pace, so nothing has to wait but for order's sake.
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

    def add(self, number: int, piece: Piece) -> tuple[Piece, int] | None:
        """Take one, and give the next in order once it is there or given up.

        Returns:
            It, and how many before it were given up.
        """
        following = number if self._next is None else self._next
        behind = (following - number) % self._numbers
        if 0 < behind < FAR:
            return None  # a double, or it was given up
        if FAR <= behind < self._numbers // 2:
            self._waiting.clear()
            following = number
        self._next = following
        self._waiting[number] = piece
        if following not in self._waiting and len(self._waiting) <= HELD:
            return None
        first = min(self._waiting, key=lambda waiting: (waiting - following) % self._numbers)
        self._next = (first + 1) % self._numbers
        return self._waiting.pop(first), (first - following) % self._numbers
