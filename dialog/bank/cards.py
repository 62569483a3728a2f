"""Blocking cards. Nothing here unblocks one: a person at the bank does that."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank.tables import CardEventRow, CardRow, CustomerRow
from dialog.bank.values import Card, CardKind
from dialog.errors import UnknownAccount


def block_own(
    session: Session, card_id: int, *, customer_id: int, call_id: str, reason: str, now: datetime
) -> CardRow:
    """Block one card of an authenticated customer; a blocked one stays as it is.

    Raises:
        UnknownAccount: The customer has no such card.
    """
    row = session.get(CardRow, card_id, with_for_update=True, populate_existing=True)
    if row is None or row.customer_id != customer_id:
        raise UnknownAccount("the customer has no such card; give one of their own")
    _block(session, [row], call_id=call_id, reason=reason, now=now)
    return row


def block_by_number(
    session: Session, number: str, kind: CardKind | None, *, call_id: str, now: datetime
) -> int:
    """Block the cards of a kind (None: all) of whoever has the number, without a PIN.

    Returns:
        How many were blocked; for the log of the bank, never for the caller.
    """
    query = (
        select(CardRow)
        .join(CustomerRow, CardRow.customer_id == CustomerRow.id)
        .where(CustomerRow.number == number)
    )
    if kind is not None:
        query = query.where(CardRow.kind == kind)
    rows = session.scalars(query.order_by(CardRow.id).with_for_update(of=CardRow)).all()
    return _block(session, rows, call_id=call_id, reason="emergency, without a PIN", now=now)


def _block(
    session: Session, rows: Sequence[CardRow], *, call_id: str, reason: str, now: datetime
) -> int:
    active = [row for row in rows if row.status != "blocked"]
    for row in active:
        row.status = "blocked"
        event = CardEventRow(card_id=row.id, recorded_at=now, call_id=call_id, reason=reason[:200])
        session.add(event)
    return len(active)


def card_value(row: CardRow) -> Card:
    """The card as the dialog sees it."""
    return Card(id=row.id, kind=row.kind, last4=row.last4, status=row.status)  # type: ignore[arg-type]
