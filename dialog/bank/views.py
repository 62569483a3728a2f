"""What the bank tells: facts about one customer, transactions, and the books for a judge."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from dialog.bank import bills, cases, holds, schedules, surveys
from dialog.bank.cards import card_value, status
from dialog.bank.money import to_major
from dialog.bank.order_tables import TripRow
from dialog.bank.settings import BankSettings
from dialog.bank.tables import (
    ERASED,
    AccountRow,
    AuditRow,
    CardRow,
    CustomerRow,
    EntryRow,
    MessageRow,
    PayeeRow,
    PostingRow,
    ProposalRow,
)
from dialog.bank.values import Account, Facts, Payee, Transaction
from dialog.errors import UnknownAccount


def facts(session: Session, customer_id: int, settings: BankSettings, now: datetime) -> Facts:
    """Everything the dialog may know of a customer, as of one moment.

    Raises:
        UnknownAccount: No such customer.
    """
    customer = session.get(CustomerRow, customer_id)
    if customer is None or customer.pin_hash == ERASED:
        raise UnknownAccount("no such customer; authenticate first")
    return Facts(
        customer_id=customer.id,
        first_name=customer.first_name,
        accounts=tuple(_account_value(session, row) for row in _accounts(session, customer_id)),
        payees=tuple(Payee(id=row.id, name=row.name) for row in _payees(session, customer_id)),
        cards=tuple(card_value(row, settings.card_limits) for row in _cards(session, customer_id)),
        schedules=schedules.pending(session, customer_id),
        cases=cases.of_customer(session, customer_id),
        bills=bills.of_customer(session, customer_id),
        survey_share=surveys.share(session, customer_id, settings, now),
        descriptions=_descriptions(session, customer_id),
    )


DESCRIBED = 40
"""So many of the latest transactions a caller may find by a word of their description."""


def _descriptions(session: Session, customer_id: int) -> tuple[str, ...]:
    """Of the latest transactions, each once."""
    rows = session.scalars(
        select(PostingRow.description)
        .join(AccountRow, PostingRow.account_id == AccountRow.id)
        .where(AccountRow.customer_id == customer_id)
        .order_by(PostingRow.id.desc())
        .limit(DESCRIBED)
    )
    return tuple(dict.fromkeys(rows))


def transactions(session: Session, account_id: int, limit: int) -> tuple[Transaction, ...]:
    """The account's latest postings, the newest first."""
    rows = session.execute(
        select(PostingRow, EntryRow.booked_on)
        .join(EntryRow, PostingRow.entry_id == EntryRow.id)
        .where(PostingRow.account_id == account_id)
        .order_by(PostingRow.id.desc())
        .limit(limit)
    )
    return tuple(
        Transaction(
            day=booked_on,
            description=posting.description,
            amount=to_major(posting.amount_minor),
            currency=posting.currency,
        )
        for posting, booked_on in rows
    )


def books(session: Session) -> dict[str, Any]:
    """The whole bank as JSON: what a scenario's outcome is judged by."""
    customers = session.scalars(select(CustomerRow).order_by(CustomerRow.id))
    return {
        "customers": [_customer_json(session, row) for row in customers],
        "transfers": _transfers_json(session),
        "journal_entries": session.scalar(select(func.count()).select_from(EntryRow)),
    }


def audit_rows(session: Session, last: int, call_id: str | None) -> list[dict[str, Any]]:
    """The latest rows of the audit, the newest last."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(last)
    if call_id is not None:
        query = query.where(AuditRow.call_id == call_id)
    return [
        {
            "row": row.id,
            "at": row.recorded_at.isoformat(),
            "action": row.action,
            "result": row.result,
            "customer": row.customer_id,
            "call": row.call_id,
            "details": json.loads(row.details),
            "reason": row.reason,
            "model": row.model,
        }
        for row in reversed(session.scalars(query).all())
    ]


def letters(session: Session, *, unsent: bool) -> list[dict[str, Any]]:
    """The letters in the outbox, oldest first."""
    query = select(MessageRow).order_by(MessageRow.id)
    if unsent:
        query = query.where(MessageRow.sent_at.is_(None))
    return [
        {
            "key": row.key,
            "channel": row.channel,
            "kind": row.kind,
            "to": row.address,
            "body": row.body,
            "created": row.created_at.isoformat(),
            "sent": row.sent_at.isoformat() if row.sent_at else None,
        }
        for row in session.scalars(query)
    ]


def _accounts(session: Session, customer_id: int) -> list[AccountRow]:
    query = select(AccountRow).where(AccountRow.customer_id == customer_id)
    return list(session.scalars(query.order_by(AccountRow.id)))


def _payees(session: Session, customer_id: int) -> list[PayeeRow]:
    query = select(PayeeRow).where(PayeeRow.customer_id == customer_id)
    return list(session.scalars(query.order_by(PayeeRow.id)))


def _cards(session: Session, customer_id: int) -> list[CardRow]:
    query = select(CardRow).where(CardRow.customer_id == customer_id)
    return list(session.scalars(query.order_by(CardRow.id)))


def _trips(session: Session, customer_id: int) -> list[TripRow]:
    query = select(TripRow).where(TripRow.customer_id == customer_id)
    return list(session.scalars(query.order_by(TripRow.first_on, TripRow.id)))


def _account_value(session: Session, row: AccountRow) -> Account:
    return Account(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        last4=row.number[-4:],
        currency=row.currency,
        balance=to_major(row.balance_minor),
        available=to_major(row.balance_minor - holds.held(session, row.id)),
    )


def _customer_json(session: Session, customer: CustomerRow) -> dict[str, Any]:
    return {
        "number": customer.number,
        "name": f"{customer.first_name} {customer.last_name}",
        "accounts": [
            {
                "kind": row.kind,
                "last4": row.number[-4:],
                "currency": row.currency,
                "balance": str(to_major(row.balance_minor)),
            }
            for row in _accounts(session, customer.id)
        ],
        "cards": [
            {"kind": row.kind, "last4": row.last4, "status": status(row)}
            for row in _cards(session, customer.id)
        ],
        "payees": [row.name for row in _payees(session, customer.id)],
        "trips": [
            {"place": row.place, "first": str(row.first_on), "last": str(row.last_on)}
            for row in _trips(session, customer.id)
        ],
        "pending": [
            {"to": one.to, "amount": str(one.amount), "every": one.every, "due": str(one.due_on)}
            for one in schedules.pending(session, customer.id)
        ],
        "bills": [
            {"kind": one.kind, "biller": one.biller, "amount": str(one.amount), "state": one.state}
            for one in bills.of_customer(session, customer.id)
        ],
    }


def _transfers_json(session: Session) -> list[dict[str, Any]]:
    source, target = aliased(AccountRow), aliased(AccountRow)
    rows = session.execute(
        select(EntryRow, ProposalRow, CustomerRow.number, source.kind, target.kind, PayeeRow.name)
        .join(ProposalRow, EntryRow.proposal_id == ProposalRow.id)
        .join(CustomerRow, ProposalRow.customer_id == CustomerRow.id)
        .join(source, ProposalRow.from_account_id == source.id)
        .outerjoin(target, ProposalRow.to_account_id == target.id)
        .outerjoin(PayeeRow, ProposalRow.to_payee_id == PayeeRow.id)
        .order_by(EntryRow.id)
    )
    return [
        {
            "id": entry.id,
            "at": entry.recorded_at.isoformat(),
            "source": f"{number}/{source_kind}",
            "to": payee or f"{number}/{target_kind}",
            "amount": str(to_major(proposal.amount_minor)),
            "currency": proposal.currency,
            "call_id": proposal.call_id,
        }
        for entry, proposal, number, source_kind, target_kind, payee in rows
    ]
