"""One thread's work in an order of its own: whenever it is free, the neediest piece goes next."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Piece:
    least: Callable[[], float]
    work: Callable[[], Any]
    result: "Future[Any]" = field(default_factory=Future)


class LeastFirst:
    """Of the work that waits, the piece whose number is least when the thread is free goes next.

    The numbers are asked for then, not when the work is given: a store of sound runs down while
    it waits. Of equal ones the first to come goes first.

    Args:
        pool: One thread.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._waiting: list[_Piece] = []

    def by(self, least: Callable[[], float]) -> Executor:
        """An executor, for any event loop, whose work waits with this number."""
        return _Place(self, least)

    def add(self, piece: "_Piece") -> None:
        """Let a piece wait."""
        with self._lock:
            self._waiting.append(piece)
        self._pool.submit(self._neediest)

    def close(self) -> None:
        """Drop what waits, once the thread takes nothing more."""
        with self._lock:
            dropped, self._waiting = self._waiting, []
        for piece in dropped:
            piece.result.cancel()

    def _neediest(self) -> None:
        with self._lock:
            if not self._waiting:
                return
            piece = min(self._waiting, key=lambda each: each.least())
            self._waiting.remove(piece)
        if not piece.result.set_running_or_notify_cancel():
            return
        try:
            piece.result.set_result(piece.work())
        except BaseException as error:  # as ThreadPoolExecutor does: it is whoever waits that cares
            piece.result.set_exception(error)


class _Place(Executor):
    def __init__(self, line: LeastFirst, least: Callable[[], float]) -> None:
        self._line, self._least = line, least

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        piece = _Piece(self._least, lambda: fn(*args, **kwargs))
        self._line.add(piece)
        return piece.result
