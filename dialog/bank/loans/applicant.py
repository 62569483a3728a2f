"""What the bank's own books say of somebody who applies for a loan."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dialog.bank.loans.conditions import conditions
from dialog.bank.loans.schedule import instalment
from dialog.bank.loans.scorecard import Applicant
from dialog.bank.loans.tables import LoanRow
from dialog.bank.money import to_major
from dialog.bank.tables import CLEARING, AccountRow, EntryRow, PostingRow

MONTHS_LOOKED_AT = 3
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, and what the applicant says of themselves. Major units."""

    amount: Decimal
    months: int
    income: Decimal
    employment: str


def applicant(session: Session, customer_id: int, asked: Request, now: datetime) -> Applicant:
    """The values that the scorecard looks at."""
    monthly = instalment(asked.amount, conditions().rate(asked.months), asked.months)
    income = max(asked.income, Decimal(1))
    seen = _income_seen(session, customer_id, now.date())
    return {
        "instalment_share": (100 * monthly / income).quantize(TENTH),
        "income_seen": min(100 * seen / income, Decimal(999)).quantize(TENTH),
        "reserves": (_held(session, customer_id) / monthly).quantize(TENTH),
        "months_here": Decimal(_days_here(session, customer_id, now.date()) // 30),
        "employment": asked.employment,
        "asked_lately": Decimal(_asked_since(session, customer_id, now - timedelta(days=90))),
    }


def _held(session: Session, customer_id: int) -> Decimal:
    total = func.coalesce(func.sum(AccountRow.balance_minor), 0)
    query = select(total).where(AccountRow.customer_id == customer_id)
    return to_major(int(session.scalar(query) or 0))


def _income_seen(session: Session, customer_id: int, today: date) -> Decimal:
    """What came in a month from other banks, on average; opening deposits do not count."""
    since = today - timedelta(days=30 * MONTHS_LOOKED_AT)
    clearing = select(AccountRow.id).where(AccountRow.kind == CLEARING)
    from_outside = select(PostingRow.entry_id).where(PostingRow.account_id.in_(clearing))
    query = (
        select(func.coalesce(func.sum(PostingRow.amount_minor), 0))
        .join(AccountRow, AccountRow.id == PostingRow.account_id)
        .join(EntryRow, EntryRow.id == PostingRow.entry_id)
        .where(
            AccountRow.customer_id == customer_id,
            PostingRow.amount_minor > 0,
            PostingRow.description != "Opening deposit",
            PostingRow.entry_id.in_(from_outside),
            EntryRow.booked_on > since,
        )
    )
    return to_major(int(session.scalar(query) or 0)) / MONTHS_LOOKED_AT


def _days_here(session: Session, customer_id: int, today: date) -> int:
    query = (
        select(func.min(EntryRow.booked_on))
        .join(PostingRow, PostingRow.entry_id == EntryRow.id)
        .join(AccountRow, AccountRow.id == PostingRow.account_id)
        .where(AccountRow.customer_id == customer_id)
    )
    first = session.scalar(query)
    return (today - first).days if first else 0


def _asked_since(session: Session, customer_id: int, since: datetime) -> int:
    query = select(func.count()).select_from(LoanRow)
    query = query.where(LoanRow.customer_id == customer_id, LoanRow.applied_at >= since)
    return int(session.scalar(query) or 0)
