"""Blocking cards, and what each may do. What opens a card is ordered (card_orders.py)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank.money import to_major
from dialog.bank.settings import CardLimits
from dialog.bank.tables import CardEventRow, CardRow, CustomerRow
from dialog.bank.values import Card, CardKind, CardStatus, LimitKind
from dialog.errors import UnknownAccount

PHONE, NO_PIN = "asked by the caller", "emergency, without a PIN"
"""Why a card was blocked, where it was by telephone."""
FRAUD = "fraud reported"
"""Why a card is blocked that only a colleague opens again."""


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
    return _block(session, rows, call_id=call_id, reason=NO_PIN, now=now)


def _block(
    session: Session, rows: Sequence[CardRow], *, call_id: str, reason: str, now: datetime
) -> int:
    active = [row for row in rows if row.status != "blocked"]
    for row in active:
        row.status = "blocked"
        record(session, row, call_id, reason, now)
    return len(active)


def keep_blocked(session: Session, customer_id: int, *, call_id: str, now: datetime) -> None:
    """Of a customer who reports fraud: what was blocked by telephone is not opened by telephone."""
    query = select(CardRow).where(CardRow.customer_id == customer_id, CardRow.status == "blocked")
    for card in session.scalars(query.order_by(CardRow.id).with_for_update()):
        if blocked_by_phone(session, card):
            record(session, card, call_id, FRAUD, now)


def blocked_by_phone(session: Session, card: CardRow) -> bool:
    """Whether a blocked card was blocked by telephone, and not by the bank."""
    query = select(CardEventRow.reason).where(CardEventRow.card_id == card.id)
    return session.scalar(query.order_by(CardEventRow.id.desc()).limit(1)) in (PHONE, NO_PIN)


def record(session: Session, card: CardRow, call_id: str, what: str, now: datetime) -> None:
    """Write down what is changed about a card."""
    event = CardEventRow(card_id=card.id, recorded_at=now, call_id=call_id, reason=what[:200])
    session.add(event)


def limits_of(card: CardRow, limits: Mapping[str, CardLimits]) -> dict[LimitKind, Decimal]:
    """What a card may do in a day, in major units."""
    unset = limits.get(card.kind, CardLimits())
    cash, purchases = card.cash_limit_minor, card.purchase_limit_minor
    return {
        "cash": unset.cash if cash is None else to_major(cash),
        "purchases": unset.purchases if purchases is None else to_major(purchases),
    }


def status(card: CardRow) -> CardStatus:
    """Whether a card works, was blocked, or waits for its owner to say that it arrived."""
    if card.waiting:
        return "new"
    return "blocked" if card.status == "blocked" else "active"


def card_value(row: CardRow, limits: Mapping[str, CardLimits]) -> Card:
    """The card as the dialog sees it."""
    return Card(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        last4=row.last4,
        status=status(row),
        limits=limits_of(row, limits),
    )
