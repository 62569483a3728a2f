"""An event loop whose clock jumps: calls take as long as their sums do, not as their sound lasts.

```
wall clock     ███ engine ███|jump|jump|█ engine █|jump|…
virtual time   stands still  |20ms|20ms| stands   |20ms|…
```

While anything runs on a thread (an engine, the bank), time stands still; when nothing does, and
nothing is ready, the clock jumps to the next timer. So every engine is infinitely fast in virtual
time, and a call's turns come out the same whatever else the machine has to do. The idea is that
of looptime and of LiveKit's `virtual_time.py`.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, which begins at 0 s.

    What it waits for must be its own timers, its own sockets, or work given to a thread by
    `run_in_executor` and `asyncio.to_thread`.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._on_threads = 0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    @property
    def waits_for_threads(self) -> bool:
        """Whether work is going on that takes no time."""
        return self._on_threads > 0

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        """As in any loop; time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._on_threads += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _: "asyncio.Future[Any]") -> None:
        self._on_threads -= 1


class _Jumping(selectors.DefaultSelector):
    """Where a loop would sleep, its clock jumps instead."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self._loop.waits_for_threads:
            return super().select(None)
        self._loop.jump(timeout)
        return []


def run_in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)
