"""Bringing the assistant up for a command: engines with progress, a bank, a server."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from functools import partial
from typing import Any

from server.admission import Drain
from server.bank_file import open_bank, stopped_clock
from server.cli.root import progress_console
from server.engines import Engines, load_engines
from server.settings import Settings


@contextmanager
def loaded_engines(settings: Settings) -> Iterator[Engines]:
    """The engines, with a spinner that names what is being loaded; prepared first if need be."""
    with progress_console.status("loading") as status:
        engines = load_engines(settings, lambda what: status.update(f"loading {what}"))
    try:
        yield engines
    finally:
        engines.close()


@asynccontextmanager
async def hosted(
    settings: Settings,
    engines: Engines,
    today: date | None = None,
    drain: Drain | None = None,
) -> AsyncIterator[str]:
    """The server on the configured bank; gives its url.

    Args:
        settings: Where it listens and which bank it serves.
        engines: Shared by all calls.
        today: Stands still at this day; None follows the clock.
        drain: Tells the server to take no new calls.
    """
    from server.app import serving
    from server.connectors import connectors
    from server.office import open_office
    from server.rounds import rounds

    bank = open_bank(settings, clock=stopped_clock(today)) if today else open_bank(settings)
    office = partial(open_office, settings, bank)
    phrases = asyncio.create_task(engines.make_phrases())
    try:
        async with (
            rounds(
                bank,
                connectors(settings),
                office if settings.back_office else None,
                settings,
            ),
            serving(settings, engines, bank, today=_today(today), drain=drain) as url,
        ):
            yield url
    finally:
        phrases.cancel()
        bank.close()


async def until_told(drain: Drain, seconds: float) -> None:
    """Wait for a signal: SIGTERM drains for so long, SIGINT or a second one ends at once."""
    loop, stop, draining = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def told() -> None:
        (stop if draining.is_set() else draining).set()

    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGTERM, told)
    waiting: set[asyncio.Task[Any]] = {
        asyncio.create_task(stop.wait()),
        asyncio.create_task(draining.wait()),
    }
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if draining.is_set() and not stop.is_set():
        drain.begin()
        waiting.add(asyncio.create_task(drain.wait()))
        progress_console.print("draining: no new calls, the running ones may finish")
        ended = [task for task in waiting if not task.done()]
        await asyncio.wait(ended, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _today(today: date | None) -> Callable[[], date]:
    return (lambda: today) if today else date.today


def parse_day(text: datetime | None) -> date | None:
    """The day of a typer date option."""
    return text.date() if text else None
