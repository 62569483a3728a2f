"""Bringing the assistant up for a command: engines with progress, a bank, a server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime

from server.bank_file import noon, open_bank
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
    settings: Settings, engines: Engines, today: date | None = None
) -> AsyncIterator[str]:
    """The server on the configured bank; gives its url.

    Args:
        settings: Where it listens and which bank it serves.
        engines: Shared by all calls.
        today: Stands still at this day; None follows the clock.
    """
    from server.app import serving
    from server.connectors import connectors
    from server.rounds import rounds

    bank = open_bank(settings, clock=noon(today)) if today else open_bank(settings)
    phrases = asyncio.create_task(engines.make_phrases())
    try:
        async with (
            rounds(bank, connectors(settings)),
            serving(settings, engines, bank, today=_today(today)) as url,
        ):
            yield url
    finally:
        phrases.cancel()
        bank.close()


def _today(today: date | None) -> Callable[[], date]:
    return (lambda: today) if today else date.today


def parse_day(text: datetime | None) -> date | None:
    """The day of a typer date option."""
    return text.date() if text else None
