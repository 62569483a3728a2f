"""The clock that calls are timed by: the event loop's, so that a replay may run on another one."""

import asyncio
import time


def now() -> float:
    """Monotonic seconds; in a fast replay the seconds of its virtual time."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:  # outside of a loop there is nothing but the wall clock
        return time.monotonic()
