"""The calls of one channel that run now, and their orderly end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

END_WITHIN = 5.0
"""Seconds that calls may take to end once their lines are closed."""


class Running:
    """Calls, each with what hangs it up."""

    def __init__(self) -> None:
        self._calls: dict[asyncio.Task[Any], Callable[[], Awaitable[object]]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def start(
        self, call: Coroutine[Any, Any, None], hang_up: Callable[[], Awaitable[object]]
    ) -> "asyncio.Task[None]":
        """Run a call.

        Args:
            call: All of it.
            hang_up: Ends its line, after which it ends by itself.
        """
        task = asyncio.create_task(call)
        self._calls[task] = hang_up
        task.add_done_callback(lambda done: self._calls.pop(done, None))
        return task

    async def close(self, within: float = END_WITHIN) -> None:
        """Hang up on everybody, and wait until their calls are over.

        Args:
            within: Seconds after which they are cancelled.
        """
        running = dict(self._calls)
        if not running:
            return
        await asyncio.gather(*(end() for end in running.values()), return_exceptions=True)
        _, late = await asyncio.wait(running, timeout=within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
