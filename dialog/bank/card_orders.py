"""What a customer may order about a card: unblock it, limits, a trip, a new one, its activation.

Whatever opens something needs a one-time code; the rules are in risk.yaml.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import office
from dialog.bank.cards import blocked_by_phone, limits_of, record
from dialog.bank.money import CENT, to_major
from dialog.bank.order_tables import OrderRow, TripRow
from dialog.bank.orders import Order, Told, order_value
from dialog.bank.risk import Feature, Features
from dialog.bank.settings import CardLimits
from dialog.bank.tables import CardRow
from dialog.bank.values import LimitKind
from dialog.errors import InvalidAmount, InvalidDay, NeedsPerson, UnknownAccount

LONGEST_PLACE = 200
REPLACEMENT, ACTIVATED = "card_replacement", "activated"
"""The workflow that has a card made, and what it waits for."""
REPLACE, REPLACED = "replace", "replaced by a new one"


class Unblock:
    """A card that was blocked by telephone works again; one that the bank blocked stays so."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is."""
        card = own_card(session, order)
        if card.status != "blocked":
            raise UnknownAccount("the card is not blocked; name one that is")
        _require_opened_by_phone(session, card)
        return {"to": "unblock"}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Which card."""
        return card_words(own_card(session, order))

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Take the block away."""
        card = own_card(session, order)
        card.status = "active"
        record(session, card, order.call_id, "unblocked, with a code", now)
        return {"card": card.id}


class Limit:
    """What a card may do in a day: "cash" or "purchases", up or down.

    Args:
        limits: By kind of card, where its owner has set nothing.
    """

    def __init__(self, limits: Mapping[str, CardLimits]) -> None:
        self._limits = limits

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """The new limit, and its share of the present one."""
        card, amount = own_card(session, order), int(order.terms["amount_minor"])
        if card.status != "active" or card.waiting:
            raise UnknownAccount("the card does not work; name one that does")
        if amount < 0:
            raise InvalidAmount("a limit is zero or more; ask for another")
        found: dict[Feature, Decimal | str] = {
            "to": _what(order),
            "amount": to_major(amount),
        }
        before = limits_of(card, self._limits)[_what(order)]
        found["share"] = (
            (to_major(100 * amount) / before).quantize(CENT) if before else Decimal(101)
        )
        return found

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Which card, and the new limit."""
        amount = to_major(int(order.terms["amount_minor"]))
        words = {"what": str(order.terms["what"]), "amount": f"{amount:,.2f} USD"}
        return card_words(own_card(session, order)) | words

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Set it."""
        card, amount = own_card(session, order), int(order.terms["amount_minor"])
        if order.terms["what"] == "cash":
            card.cash_limit_minor = amount
        else:
            card.purchase_limit_minor = amount
        what = f"{order.terms['what']} limit {to_major(amount)}"
        record(session, card, order.call_id, what, now)
        return {"card": card.id, "limit": what}


class Trip:
    """The customer's cards will be used elsewhere for a while."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """How long it is."""
        first, last = _days(order)
        if last < first or last < now.date():
            raise InvalidDay("the trip is over before it begins; ask for both days again")
        return {"to": "trip", "days": Decimal((last - first).days)}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Where and when."""
        first, last = _days(order)
        place = str(order.terms["place"])
        return {"place": place, "first": first.isoformat(), "last": last.isoformat()}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Note it."""
        first, last = _days(order)
        row = TripRow(
            id=order.id,
            customer_id=order.customer_id,
            place=str(order.terms["place"])[:LONGEST_PLACE],
            first_on=first,
            last_on=last,
        )
        session.add(row)
        return {"first": first, "last": last}


class Replace:
    """A new card instead of one that is lost, worn or stolen; made by a workflow."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is; one card has one replacement under way."""
        card = own_card(session, order)
        if card.waiting or card.kind in _on_their_way(session, order):
            raise UnknownAccount("a new card is on its way already; ask for its activation")
        return {"to": REPLACE}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Which card."""
        return card_words(own_card(session, order))

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Start the workflow that has it made."""
        return {"workflow": office.start(session, REPLACEMENT, order.id, now)}


class Activate:
    """A new card that arrived works; the one that it replaces stops for good.

    A block by telephone on its way here ends: activation takes the code that unblocking does.
    """

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is; the caller has to read its last digits."""
        card = own_card(session, order)
        if not card.waiting or card.last4 != order.terms["last4"]:
            raise UnknownAccount("no card with these digits waits; ask for them again")
        _require_opened_by_phone(session, card)
        return {"to": "activate"}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Which card."""
        return card_words(own_card(session, order))

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Let it work, and block the old one."""
        card = own_card(session, order)
        card.waiting, card.status = False, "active"
        record(session, card, order.call_id, "activated", now)
        made_for = session.get(OrderRow, card.ordered_by) if card.ordered_by else None
        if made_for is not None:
            old = session.get_one(CardRow, order_value(made_for).terms["card"])
            old.status = "blocked"
            record(session, old, order.call_id, REPLACED, now)
            office.tell(session, f"{REPLACEMENT}:{made_for.id}", ACTIVATED, str(card.id), now)
        return {"card": card.id}


def own_card(session: Session, order: Order) -> CardRow:
    """The order's card, locked.

    Raises:
        UnknownAccount: The customer has no such card.
    """
    row = session.get(CardRow, order.terms["card"], with_for_update=True, populate_existing=True)
    if row is None or row.customer_id != order.customer_id:
        raise UnknownAccount("the customer has no such card; give one of their own")
    return row


def _on_their_way(session: Session, order: Order) -> set[str]:
    """The kinds of card that are sent to the order's customer, or being made for another order."""
    sent = select(CardRow.kind).where(CardRow.customer_id == order.customer_id, CardRow.waiting)
    made = select(CardRow.id).where(CardRow.ordered_by == OrderRow.id)
    making = select(OrderRow).where(
        OrderRow.customer_id == order.customer_id,
        OrderRow.kind == order.kind,
        OrderRow.done_at.is_not(None),
        OrderRow.id != order.id,
        ~made.correlate(OrderRow).exists(),
    )
    old = [order_value(row).terms["card"] for row in session.scalars(making)]
    being_made = select(CardRow.kind).where(CardRow.id.in_(old))
    return {*session.scalars(sent), *session.scalars(being_made)}


def card_words(card: CardRow) -> dict[str, str]:
    """A card as a letter names it."""
    return {"card": f"{card.kind} card ending in {card.last4}"}


def _what(order: Order) -> LimitKind:
    return "cash" if order.terms["what"] == "cash" else "purchases"


def _require_opened_by_phone(session: Session, card: CardRow) -> None:
    """Leave a card that the bank blocked to a colleague.

    Raises:
        NeedsPerson: It is such a card.
    """
    if card.status == "blocked" and not blocked_by_phone(session, card):
        raise NeedsPerson(("blocked_by_the_bank",))


def _days(order: Order) -> tuple[date, date]:
    first, last = str(order.terms["first"]), str(order.terms["last"])
    return date.fromisoformat(first), date.fromisoformat(last)
