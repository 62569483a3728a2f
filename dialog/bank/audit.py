"""The audit: who did what, why, and by which model, in a chain that nobody changes unseen.

A row's mac is an HMAC over the row and the mac before it, with a key that is not in the database:
whoever can only write to the database can forge nothing. What the database alone cannot show, a
tail that was cut off or a chain made anew by somebody with the key, the checkpoints show, which
are kept outside of it. A row holds ids and amounts, never names, numbers or words of a caller.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from dialog.bank.checkpoints import Checkpoints
from dialog.bank.keys import derive, keyed
from dialog.bank.tables import AuditRow

FIRST = "0" * 64
"""What stands before the first row."""

AUDIT_LOCK = 0x61756469
"""Any fixed number: on PostgreSQL, who adds to the chain holds this lock until the commit."""

Details = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is done: the dialog's reason, and which model understood the caller."""

    reason: str = ""
    model: str = ""


UNTOLD = Cause()
_CAUSE: ContextVar[Cause] = ContextVar("audit_cause", default=UNTOLD)


@contextmanager
def because(reason: str, model: str) -> Iterator[None]:
    """Whatever the bank does within this context is written down with this cause."""
    token = _CAUSE.set(Cause(reason[:200], model[:64]))
    try:
        yield
    finally:
        _CAUSE.reset(token)


class Audit:
    """Adds rows to the chain, in the transaction of what they tell.

    Args:
        secret: The bank's; the chain's key comes from it.
        checkpoints: Told the end of the chain after every commit, or None.

    Attributes:
        key: Of the chain's macs.
    """

    def __init__(self, secret: bytes, checkpoints: Checkpoints | None = None) -> None:
        self.key = derive(secret, "audit chain")
        self._checkpoints = checkpoints

    def append(
        self,
        session: Session,
        action: str,
        result: str,
        *,
        call_id: str,
        at: datetime,
        customer_id: int | None = None,
        details: Details | None = None,
    ) -> None:
        """Add one row. Call it last in a transaction: it makes those after it wait.

        Args:
            session: A write transaction.
            action: What was done or tried.
            result: "ok", or the name of the refusal.
            call_id: In which call, or by which process.
            at: When.
            customer_id: Whose matter it is, where that is known.
            details: Ids, amounts and rules; nothing that was said.
        """
        last = _last_in_chain(session)
        cause = _CAUSE.get()
        row = AuditRow(
            id=last.id + 1 if last else 1,
            recorded_at=at.astimezone(UTC),
            action=action,
            result=result,
            call_id=call_id,
            customer_id=customer_id,
            details=json.dumps(details or {}, sort_keys=True, default=str),
            reason=cause.reason,
            model=cause.model,
            mac="",
        )
        row.mac = keyed(self.key, content(row, last.mac if last else FIRST))
        session.add(row)
        session.flush()
        if self._checkpoints is not None:
            note, number, mac = self._checkpoints.note, row.id, row.mac
            event.listen(session, "after_commit", lambda _: note(number, mac), once=True)


def content(row: AuditRow, before: str) -> str:
    """Everything that a row's mac vouches for, the row before it included."""
    fields = [
        row.id,
        row.recorded_at.astimezone(UTC).isoformat(),
        row.action,
        row.result,
        row.call_id,
        row.customer_id,
        row.details,
        row.reason,
        row.model,
        before,
    ]
    return json.dumps(fields, ensure_ascii=True)


def _last_in_chain(session: Session) -> AuditRow | None:
    """The last row; nobody else adds one before this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": AUDIT_LOCK})
    return session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
