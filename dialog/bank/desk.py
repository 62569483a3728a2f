"""What every service of the bank works with: transactions that are audited, the time, the rules."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from dialog.bank.audit import Audit, Details
from dialog.bank.database import Database
from dialog.bank.settings import BankSettings
from dialog.errors import BankError, BankUnavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done in a call, or by a person or process at the bank (call_id then names
    them), as the audit names it."""

    action: str
    call_id: str
    customer_id: int | None = None


def person(by: str) -> str:
    """Somebody at the bank, as a Deed's call_id: the name that they give.

    Raises:
        BankError: They give none.
    """
    name = " ".join(by.split())[:64]
    if not name:
        raise BankError("the audit has to know who does it: give a name")
    return name


@dataclass(frozen=True, slots=True)
class Desk:
    """Shared by the services of one bank.

    Attributes:
        database: Where everything is.
        audit: Where everything is written down.
        settings: Limits, lock-outs and costs.
        clock: Tells the time, with a zone.
    """

    database: Database
    audit: Audit
    settings: BankSettings
    clock: Callable[[], datetime]

    def now(self) -> datetime:
        """The time.

        Raises:
            ValueError: The clock tells times without a zone.
        """
        now = self.clock()
        if now.tzinfo is None:
            raise ValueError("the bank's clock must tell times with a zone")
        return now

    def reading(self) -> AbstractContextManager[Session]:
        """A consistent snapshot."""
        return self.database.reading()

    def do(
        self,
        deed: Deed,
        work: Callable[[Session], T],
        details: Callable[[T], Details] = lambda _: {},
    ) -> T:
        """Do work in one transaction and write it down in the same; a refusal is written down, too.

        Args:
            deed: What it is.
            work: Bears being run twice (Database.write).
            details: Of what was done, for the audit.

        Raises:
            BankError: What work raised; it has done nothing.
        """
        now = self.now()

        def audited(session: Session) -> T:
            result = work(session)
            told = details(result)
            self._write_down(session, deed, str(told.get("result", "ok")), now, told)
            return result

        try:
            return self.database.write(audited)
        except BankUnavailable:
            raise
        except BankError as refusal:
            self._write_down_refusal(deed, refusal, now)
            raise

    def _write_down_refusal(self, deed: Deed, refusal: BankError, now: datetime) -> None:
        """The refusal stands, whether or not it can be written down."""
        told = {"why": refusal.details} if refusal.details else {}
        try:
            self.database.write(
                lambda session: self._write_down(session, deed, type(refusal).__name__, now, told)
            )
        except BankError as error:
            logger.error("audit.refusal_lost", extra={"error": type(error).__name__})

    def _write_down(
        self, session: Session, deed: Deed, result: str, now: datetime, details: Details
    ) -> None:
        self.audit.append(
            session,
            deed.action,
            result,
            call_id=deed.call_id,
            at=now,
            customer_id=deed.customer_id,
            details={key: value for key, value in details.items() if key != "result"},
        )
