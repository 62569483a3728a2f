"""The durable engine (DBOS): workflows run in this process, their state is in a database.

The engine's own tables are beside the bank's: a file of their own on SQLite, a schema ("dbos") in
the bank's database on PostgreSQL. A workflow is resumed from its last finished step by the next
process that opens the same office.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import make_url

from dialog.backoffice import steps
from dialog.backoffice.call_back import call_back
from dialog.backoffice.card_replacement import card_replacement
from dialog.backoffice.complaint import complaint
from dialog.backoffice.held_transfer import held_transfer
from dialog.backoffice.loan_application import loan_application
from dialog.backoffice.scheduled_payment import scheduled_payment
from dialog.backoffice.survey import survey
from dialog.bank.office import START, OfficeEvent
from dialog.errors import BankError, CustomerErased

Workflow = Callable[[str], Coroutine[Any, Any, str]]

APPLICATION, VERSION = "tellerline", "1"
"""VERSION names the shape of the workflows: raise it when a running one could not go on."""


class _Stopped(BaseException):
    """The office closes while a workflow waits; no error of the workflow's, so not its outcome."""


def _over_once_erased(work: Workflow) -> Workflow:
    """End a workflow whose customer was erased: what it was about is not known any more."""

    @wraps(work)
    async def run(subject: str) -> str:
        try:
            return await work(subject)
        except CustomerErased:
            return "erased"

    return run


def _left_to_the_next_office(work: Workflow) -> Workflow:
    """Keep the engine from writing down a workflow that it cancels as it stops for failed.

    The engine's loop cancels what it runs, and the thread that waits for it sees the cancelling as
    an Exception, which the engine records as the workflow's end (dbos 3.4, _core.py, persist).
    """

    @wraps(work)
    async def run(subject: str) -> str:
        try:
            return await work(subject)
        except asyncio.CancelledError:
            raise _Stopped from None

    return run


WORKFLOWS: dict[str, Workflow] = {
    work.__name__: DBOS.workflow(name=work.__name__)(
        _left_to_the_next_office(_over_once_erased(work))
    )
    for work in (
        complaint,
        card_replacement,
        scheduled_payment,
        loan_application,
        held_transfer,
        call_back,
        survey,
    )
}

logger = logging.getLogger(__name__)


def office_url(bank_url: str) -> str:
    """Where the engine keeps its state, for a bank."""
    url = make_url(bank_url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}.office"
    return url.render_as_string(hide_password=False)


class BackOffice:
    """Runs the workflows of one bank; one per process.

    Args:
        desk: What their steps work with.
        url: Of the engine's tables (office_url).
        polling_s: Seconds between two looks at the engine's messages, on SQLite.
    """

    def __init__(self, desk: steps.Desk, url: str, *, polling_s: float = 1.0) -> None:
        self._bank = desk.bank
        steps.sit_down(desk)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": url,
            "application_version": VERSION,
            "executor_id": "office",
            "log_level": "WARNING",
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": polling_s,
        }
        DBOS(config=config)

    def open(self) -> None:
        """Begin to work: what a process before this one left is taken up again."""
        DBOS.launch()

    def relay(self) -> int:
        """Start the workflows that the bank asks for, and tell the waiting ones; gives how many."""
        events = self._bank.office.waiting()
        for event in events:
            _relay(event)
            self._bank.office.relayed(event)
        return len(events)

    def close(self) -> None:
        """Stop; what is under way goes on when the office opens again."""
        DBOS.destroy(workflow_completion_timeout_sec=0)


def _relay(event: OfficeEvent) -> None:
    if event.kind != START:
        DBOS.send(event.workflow, event.subject, event.kind, idempotency_key=event.key)
        return
    name = event.workflow.split(":", 1)[0]
    if name not in WORKFLOWS:
        raise BankError(f"no workflow {name}: the bank's books are of a newer version")
    with SetWorkflowID(event.workflow):
        DBOS.start_workflow(WORKFLOWS[name], event.subject)
