"""Steps of a workflow: each is run, and what it gave is kept, so that it is not run again.

A process may be killed after a step's work and before its result is kept. The step is then run
again: that is why every step gives the bank a key.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from dbos import DBOS

from dialog.backoffice.patience import Patience
from dialog.backoffice.ports import CoreBanking
from dialog.bank.bank import Bank
from dialog.errors import BankUnavailable

T = TypeVar("T")

OUTAGES = (BankUnavailable, OSError)
"""What passes by itself: a database or a service that does not answer."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What steps work with."""

    bank: Bank
    core: CoreBanking
    patience: Patience


_DESKS: list[Desk] = []
"""The engine is one per process, and so is the desk that its workflows work at."""


def sit_down(desk: Desk) -> None:
    """Let workflows of this process work at a desk."""
    _DESKS[:] = [desk]


def patience() -> Patience:
    """How long is waited."""
    return _DESKS[0].patience


async def step(work: Callable[..., T], *arguments: Any) -> T:
    """Do a step: `work(desk, *arguments)` in a thread, tried again after an outage."""
    options: Any = {
        "name": work.__name__,
        "retries_allowed": True,
        "should_retry": lambda error: isinstance(error, OUTAGES),
        "interval_seconds": patience().step.total_seconds(),
        "max_attempts": patience().tries,
    }
    return await DBOS.run_step_async(options, in_thread, work, *arguments)


async def in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Run a step's work off the engine's event loop."""
    return await asyncio.to_thread(work, _DESKS[0], *arguments)


async def heard(topic: str, days: float) -> bool:
    """Wait for a message under a topic, so many of the bank's days; whether one came."""
    seconds = max(days, 0) * patience().day.total_seconds()
    return await DBOS.recv_async(topic, timeout_seconds=seconds) is not None


async def until(day: date) -> None:
    """Wait for a day of the bank's."""
    days = (day - await step(today)).days
    if days > 0:
        await DBOS.sleep_async(days * patience().day.total_seconds())


def today(desk: Desk) -> date:
    """The bank's day."""
    return desk.bank.paperwork.today()
