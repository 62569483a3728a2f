"""`--reload`: files that are edited are read again while the assistant runs, and that is told."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager

from rich.markup import escape

from dialog.watching import Watch
from server.cli.root import progress_console

EVERY = 0.5
"""Seconds between two looks at the files."""


def looking(lines: Iterable[str], language: str) -> Iterator[str]:
    """The lines, with a look at the files before each one is taken."""
    watch = Watch(language)
    for line in lines:
        _tell(watch.look())
        yield line


@asynccontextmanager
async def reloading(language: str | None) -> AsyncIterator[None]:
    """Looks at the files again and again; does nothing where no language is given."""
    if language is None:
        yield
        return
    looks = asyncio.create_task(_look(Watch(language)))
    try:
        yield
    finally:
        looks.cancel()


async def _look(watch: Watch) -> None:
    while True:
        await asyncio.sleep(EVERY)
        # Reading takes a quarter of a second: never on the event loop.
        _tell(await asyncio.to_thread(watch.look))


def _tell(line: str | None) -> None:
    if line is not None:
        progress_console.print(escape(line), soft_wrap=True)
