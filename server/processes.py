"""Processes that are ours: how much they may open, and their end."""

import asyncio
import resource
from asyncio.subprocess import Process

MOST_FILES = 1 << 16


def open_many_files() -> None:
    """Let this process hold more sockets than a shell's 1,024, where the system lets it."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, MOST_FILES)), most))


async def ended(process: Process, within: float) -> None:
    """Wait for a process that was told to end; it is killed where it does not.

    Args:
        process: Who was told.
        within: Seconds.
    """
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
