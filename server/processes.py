"""The end of processes that are ours."""

import asyncio
from asyncio.subprocess import Process


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
