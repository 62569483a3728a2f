"""The bank's own work while calls go on: letters are carried, due payments are made."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from dialog.bank.bank import Bank
from dialog.bank.outbox import Connector
from dialog.errors import BankError

log = structlog.get_logger()

EVERY = 1.0
"""Seconds between two rounds: a caller waits for a code."""


def make_round(bank: Bank, connectors: Mapping[str, Connector]) -> dict[str, int]:
    """Make the payments whose day has come and carry the letters; what was done, by name."""
    run = bank.schedules.run_due()
    sent, failed = bank.outbox(connectors).deliver()
    return {"paid": run.paid, "unpaid": run.failed, "sent": sent, "unsent": failed}


@asynccontextmanager
async def rounds(bank: Bank, connectors: Mapping[str, Connector]) -> AsyncIterator[None]:
    """Make rounds until the context ends; the one under way is finished."""
    running = asyncio.create_task(_keep_on(bank, connectors))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _keep_on(bank: Bank, connectors: Mapping[str, Connector]) -> None:
    while True:
        try:
            done = await asyncio.shield(asyncio.to_thread(make_round, bank, connectors))
            if any(done.values()):
                log.info("bank_round", **done)
        except BankError as error:
            log.warning("bank_round_failed", error=type(error).__name__)
        await asyncio.sleep(EVERY)
