"""What is known of a transfer when the risk rules are held against it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import ColumnElement

from dialog.bank.holds import held
from dialog.bank.money import to_major
from dialog.bank.risk import Feature, Features
from dialog.bank.tables import (
    AccountRow,
    EntryRow,
    PayeeRow,
    PostingRow,
    ProposalRow,
    ScheduleRow,
)

LATELY = timedelta(days=90)
"""What counts as usual is looked for so far back."""

Payments = Sequence[tuple[int | None, int]]
"""Payees, and minor units that go to each."""


def features(session: Session, proposal: ProposalRow, now: datetime) -> Features:
    """The values that risk.yaml describes, of the transfer as it would be made now."""
    amount = to_major(proposal.amount_minor)
    found: dict[Feature, Decimal | str] = {"amount": amount, "hour": Decimal(now.hour)}
    source = session.get(AccountRow, proposal.from_account_id)
    if source is not None:
        available = source.balance_minor - held(session, source.id, but=proposal.id)
        if available > 0:
            share = Decimal(proposal.amount_minor) * 100 / available
            found["share"] = share.quantize(Decimal("0.1"))
    if proposal.to_payee_id is None:
        return found | {"to": "own"}
    if largest := _largest(session, proposal, now):
        found["usual"] = (Decimal(proposal.amount_minor) * 100 / largest).quantize(Decimal("0.1"))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = [
        *_paid(session, proposal, EntryRow.booked_on == now.date()),
        *_arranged(session, proposal, midnight),
    ]
    to_this = [(payee, minor) for payee, minor in today if payee == proposal.to_payee_id]
    since = now - timedelta(hours=1)
    in_hour = EntryRow.recorded_at >= since, EntryRow.booked_on >= since.date()
    lately = [*_paid(session, proposal, *in_hour), *_arranged(session, proposal, since)]
    found |= {
        "to": "payee",
        "mood": proposal.mood,
        "paid_today": amount + _sum(today),
        "paid_payee_today": amount + _sum(to_this),
        "payments_in_hour": Decimal(1 + len(lately)),
    }
    payee = session.get(PayeeRow, proposal.to_payee_id)
    if payee is not None and payee.added_at is not None:
        found["payee_days"] = Decimal((now - payee.added_at).days)
    return found


def _largest(session: Session, proposal: ProposalRow, now: datetime) -> int:
    """Minor units of the customer's largest single payment to others of late; 0 without any."""
    other, account = aliased(PostingRow), aliased(AccountRow)
    outside = (
        select(other.id)
        .join(account, account.id == other.account_id)
        .where(other.entry_id == PostingRow.entry_id, account.customer_id.is_(None))
    )
    query = (
        select(func.coalesce(func.min(PostingRow.amount_minor), 0))
        .join(AccountRow, AccountRow.id == PostingRow.account_id)
        .join(EntryRow, EntryRow.id == PostingRow.entry_id)
        .where(
            AccountRow.customer_id == proposal.customer_id,
            PostingRow.amount_minor < 0,
            EntryRow.booked_on >= now.date() - LATELY,
            outside.correlate(PostingRow).exists(),
        )
    )
    return -int(session.scalar(query) or 0)


def _sum(payments: Payments) -> Decimal:
    return to_major(sum(minor for _, minor in payments))


def _paid(session: Session, proposal: ProposalRow, *where: ColumnElement[bool]) -> Payments:
    """What the customer's other proposals have sent to payees."""
    query = (
        select(ProposalRow.to_payee_id, ProposalRow.amount_minor)
        .select_from(EntryRow)
        .join(ProposalRow, EntryRow.proposal_id == ProposalRow.id)
        .where(
            ProposalRow.customer_id == proposal.customer_id,
            ProposalRow.to_payee_id.is_not(None),
            ProposalRow.id != proposal.id,
            *where,
        )
    )
    return [(payee, minor) for payee, minor in session.execute(query)]


def _arranged(session: Session, proposal: ProposalRow, since: datetime) -> Payments:
    """The customer's other payments to payees that were arranged since then for later days."""
    query = select(ScheduleRow.to_payee_id, ScheduleRow.amount_minor).where(
        ScheduleRow.customer_id == proposal.customer_id,
        ScheduleRow.to_payee_id.is_not(None),
        ScheduleRow.id != proposal.id,
        ScheduleRow.arranged_at >= since,
        ScheduleRow.ended_at.is_(None),
    )
    return [(payee, minor) for payee, minor in session.execute(query)]
