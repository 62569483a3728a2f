"""What is known of a transfer when the risk rules are held against it."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import ColumnElement

from dialog.bank.holds import held
from dialog.bank.money import to_major
from dialog.bank.risk import Feature, Features
from dialog.bank.tables import AccountRow, EntryRow, PayeeRow, PostingRow, ProposalRow

LATELY = timedelta(days=90)
"""What counts as usual is looked for so far back."""


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
    today = EntryRow.booked_on == now.date()
    to_this = ProposalRow.to_payee_id == proposal.to_payee_id
    found |= {
        "to": "payee",
        "mood": proposal.mood,
        "paid_today": amount + to_major(_paid(session, proposal, today)),
        "paid_payee_today": amount + to_major(_paid(session, proposal, today, to_this)),
        "payments_in_hour": Decimal(1 + _payments_since(session, proposal, now)),
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


def _paid(session: Session, proposal: ProposalRow, *where: ColumnElement[bool]) -> int:
    """Minor units that the customer's other proposals have sent to payees."""
    query = select(func.coalesce(func.sum(ProposalRow.amount_minor), 0))
    return int(session.scalar(_others(query, proposal, *where)) or 0)


def _payments_since(session: Session, proposal: ProposalRow, now: datetime) -> int:
    query = select(func.count(EntryRow.id))
    since = now - timedelta(hours=1)
    lately = EntryRow.recorded_at >= since, EntryRow.booked_on >= since.date()
    return int(session.scalar(_others(query, proposal, *lately)) or 0)


def _others(query, proposal: ProposalRow, *where: ColumnElement[bool]):  # type: ignore[no-untyped-def]
    """The customer's executed payments to payees, but for this proposal."""
    return (
        query.select_from(EntryRow)
        .join(ProposalRow, EntryRow.proposal_id == ProposalRow.id)
        .where(
            ProposalRow.customer_id == proposal.customer_id,
            ProposalRow.to_payee_id.is_not(None),
            ProposalRow.id != proposal.id,
            *where,
        )
    )
