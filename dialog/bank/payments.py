"""What became of payments: made, planned, waiting for people, declined, cancelled or failed."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank.desk import Desk
from dialog.bank.money import to_major
from dialog.bank.tables import (
    AccountRow,
    EntryRow,
    PayeeRow,
    PostingRow,
    ProposalRow,
    ScheduleRow,
)
from dialog.bank.values import PaymentState, PaymentStatus, Search

LOOKED_AT = 300
"""A customer's latest proposals; what is older is on statements."""
TOLD = 2
"""Payments that a caller can listen to in one go."""


class Payments:
    """Tells what became of payments."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def status(self, customer_id: int, search: Search) -> tuple[PaymentStatus, ...]:
        """The latest payments of a customer that fit, the latest first; those that were asked for
        by phone, or else those that were not.

        Args:
            customer_id: Whose.
            search: Payee, amount and days (on which it was made, or is to be); no more counts.
        """
        with self._desk.reading() as session:
            rows = _proposals(session, customer_id)
            told = [one for row in rows if (one := _status(session, row)) is not None]
            fitting = [one for one in told if _fits(one, search)]
            if not fitting:
                fitting = [o for o in _made_elsewhere(session, customer_id) if _fits(o, search)]
        return tuple(sorted(fitting, key=lambda one: one.at, reverse=True)[:TOLD])


def _proposals(session: Session, customer_id: int) -> Iterator[ProposalRow]:
    query = select(ProposalRow).where(ProposalRow.customer_id == customer_id)
    latest = (ProposalRow.proposed_at.desc(), ProposalRow.id.desc())
    return iter(session.scalars(query.order_by(*latest).limit(LOOKED_AT)).all())


def _made_elsewhere(session: Session, customer_id: int) -> Iterator[PaymentStatus]:
    """Payments to the customer's payees that nobody asked for by phone."""
    query = (
        select(PostingRow, EntryRow, PayeeRow.name)
        .join(EntryRow, PostingRow.entry_id == EntryRow.id)
        .join(AccountRow, PostingRow.account_id == AccountRow.id)
        .join(PayeeRow, PayeeRow.customer_id == AccountRow.customer_id)
        .where(AccountRow.customer_id == customer_id, EntryRow.proposal_id.is_(None))
        .where(PostingRow.amount_minor < 0, PostingRow.description.contains(PayeeRow.name))
        .order_by(PostingRow.id.desc())
        .limit(LOOKED_AT)
    )
    for posting, entry, name in session.execute(query):
        amount, day, at = to_major(-posting.amount_minor), entry.booked_on, entry.recorded_at
        yield PaymentStatus("made", amount, name, outside=False, day=day, at=at)


def _status(session: Session, row: ProposalRow) -> PaymentStatus | None:
    """What became of a proposal; None where the caller never agreed to it."""
    entry = session.scalar(select(EntryRow).where(EntryRow.proposal_id == row.id))
    if entry is not None:
        return _told(session, row, "made", entry.booked_on, entry.recorded_at)
    schedule = session.get(ScheduleRow, row.id)
    if schedule is not None:
        return _later(session, row, schedule)
    if row.declined_at is not None:
        return _told(session, row, "declined", row.declined_at.date(), row.declined_at)
    if row.held_at is not None:
        return _told(session, row, "held", row.held_at.date(), row.held_at)
    return None


def _later(session: Session, row: ProposalRow, schedule: ScheduleRow) -> PaymentStatus | None:
    """A planned payment; None where its last occurrence was made or held, which tells of itself."""
    if schedule.due_on is not None:
        state: PaymentState = "tried" if schedule.attempts else "planned"
        return _told(session, row, state, schedule.due_on, schedule.arranged_at)
    if schedule.ended_at is not None:
        return _told(session, row, "cancelled", schedule.ended_at.date(), schedule.ended_at)
    occurrence = f"{row.id}@{schedule.first_on.isoformat()}"
    if session.get(ProposalRow, occurrence) is not None:
        return None
    return _told(session, row, "failed", schedule.first_on, schedule.arranged_at)


def _told(
    session: Session, row: ProposalRow, state: PaymentState, day: date, at: datetime
) -> PaymentStatus:
    payee = session.get(PayeeRow, row.to_payee_id) if row.to_payee_id else None
    account = session.get(AccountRow, row.to_account_id) if row.to_account_id else None
    to = payee.name if payee else account.kind if account else ""
    return PaymentStatus(state, to_major(row.amount_minor), to, payee is not None, day, at)


def _fits(one: PaymentStatus, search: Search) -> bool:
    first, last = search.first or date.min, search.last or date.max
    named = search.name is None or search.name.lower() == one.to.lower()
    return named and search.amount in (None, one.amount) and first <= one.day <= last
