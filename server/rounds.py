"""The bank's own work while calls go on: letters are carried, due payments are made."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

import structlog

from dialog.bank.bank import Bank
from dialog.bank.outbox import Connector
from dialog.errors import BankError
from server.connectors import forget_letters
from server.errors import ServerError
from server.records import forget_details, forget_record
from server.settings import Settings, read_data_keys

log = structlog.get_logger()


class Office(Protocol):
    """A back office (dialog.backoffice.engine.BackOffice)."""

    def relay(self) -> int:
        """Tell workflows what the bank has for them; gives how many events."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


EVERY = 1.0
"""Seconds between two rounds: a caller waits for a code."""

SERVER = "server"
"""Who does by itself what a period demands, for the audit."""

FORGET_EVERY = 3600.0
"""Seconds between two looks for what is past its retention period."""


def make_round(bank: Bank, connectors: Mapping[str, Connector]) -> dict[str, int]:
    """Make the payments whose day has come and carry the letters; what was done, by name."""
    run = bank.schedules.run_due()
    sent, failed = bank.outbox(connectors).deliver()
    return {"paid": run.paid, "unpaid": run.failed, "sent": sent, "unsent": failed}


def forget_old_calls(bank: Bank, settings: Settings, *, by: str = SERVER) -> int:
    """Destroy the keys of calls past their retention period, and their files; gives how many."""
    before = bank.now() - timedelta(days=settings.retention_days)
    calls = bank.vault(read_data_keys(settings.data_keys)).forget_before(before, by=by)
    if settings.records is not None:
        for call in calls:
            forget_record(settings.records, call)
        forget_details(settings.records, before)
    return len(calls)


def forget_old_words(bank: Bank, settings: Settings, *, by: str = SERVER) -> int:
    """Blank what was told and written in matters that are long over, copies of letters in the files
    here included; gives how many rows."""
    count = bank.privacy.forget_before(bank.now() - timedelta(days=settings.words_days), by=by)
    forget_letters(bank)
    return count


@asynccontextmanager
async def rounds(
    bank: Bank,
    connectors: Mapping[str, Connector],
    open_office: Callable[[], Office] | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[None]:
    """Make rounds until the context ends; the one under way is finished.

    Args:
        bank: Whose.
        connectors: Carry its letters.
        open_office: Opens its back office (blocking); None leaves that to another process.
        settings: Whose retention periods are kept; None forgets nothing.
    """
    running = asyncio.create_task(_keep_on(bank, connectors))
    forgetting = asyncio.create_task(_forget(bank, settings)) if settings else None
    working = asyncio.create_task(_work(open_office)) if open_office else None
    try:
        yield
    finally:
        tasks = [task for task in (running, working, forgetting) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_on(bank: Bank, connectors: Mapping[str, Connector]) -> None:
    while True:
        try:
            done = await asyncio.shield(asyncio.to_thread(make_round, bank, connectors))
            if any(done.values()):
                log.info("bank_round", **done)
        except BankError as error:
            log.warning("bank_round_failed", error=type(error).__name__)
        await asyncio.sleep(EVERY)


async def _forget(bank: Bank, settings: Settings) -> None:
    while True:
        try:
            calls = await asyncio.shield(asyncio.to_thread(forget_old_calls, bank, settings))
            words = await asyncio.shield(asyncio.to_thread(forget_old_words, bank, settings))
            if calls or words:
                log.info("forgotten", calls=calls, words=words)
        except (BankError, ServerError, OSError) as error:
            log.warning("forgetting_failed", error=type(error).__name__)
        await asyncio.sleep(FORGET_EVERY)


async def _work(open_office: Callable[[], Office]) -> None:
    """Relay what the back office has to hear; a failure is logged and tried again."""
    opening = asyncio.create_task(asyncio.to_thread(open_office))
    try:
        office = await asyncio.shield(opening)
    except asyncio.CancelledError:
        office = await opening
        await asyncio.to_thread(office.close)
        raise
    try:
        while True:
            try:
                await asyncio.shield(asyncio.to_thread(office.relay))
            except Exception as error:
                log.warning("office_round_failed", error=type(error).__name__)
            await asyncio.sleep(EVERY)
    finally:
        await asyncio.to_thread(office.close)
