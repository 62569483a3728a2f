"""What workflows do at the bank: each done once per key, however often the step is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import outbox
from dialog.bank.cards import record
from dialog.bank.cases import case_value
from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held, require_known
from dialog.bank.money import to_major
from dialog.bank.order_tables import OrderRow
from dialog.bank.orders import Order, order_value
from dialog.bank.tables import CardRow, CaseRow, PayeeRow, ProposalRow
from dialog.bank.values import Case
from dialog.errors import NoAddress, ProposalSpent, UnknownCase


@dataclass(frozen=True, slots=True)
class Held:
    """A transfer that people look at."""

    customer_id: int
    call_id: str
    amount: str
    to: str


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case as a workflow sees it."""

    case: Case
    customer_id: int
    words: str
    opened_on: date


class Paperwork:
    """Letters, cases and cards, as workflows need them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def today(self) -> date:
        """The bank's day."""
        return self._desk.now().date()

    def write(
        self,
        customer_id: int,
        kind: str,
        values: Mapping[str, str],
        *,
        key: str,
        channel: outbox.Channel = "email",
    ) -> bool:
        """Post a letter, once per key; False where the customer has no address for it.

        Raises:
            CustomerErased: Nothing is written to them any more.
        """

        def post(session: Session) -> bool:
            customer = held(session, customer_id)
            named = {"name": customer.first_name, **values}
            try:
                outbox.post(session, customer, channel, kind, named, key=key, now=self._desk.now())
            except NoAddress:
                return False
            return True

        deed = Deed("write_letter", key[:64], customer_id)
        return self._desk.do(deed, post, lambda sent: {"kind": kind, "sent": sent})

    def case(self, number: int) -> OpenCase:
        """A case by its key.

        Raises:
            UnknownCase: There is none.
            CustomerErased: Nobody knows any more what it was about.
        """
        with self._desk.reading() as session:
            row = session.get(CaseRow, number)
            if row is None:
                raise UnknownCase(f"no case has the key {number}")
            require_known(session, row.customer_id)
            return OpenCase(case_value(row), row.customer_id, row.words, row.opened_at.date())

    def held(self, proposal_id: str) -> Held:
        """A transfer that was proposed.

        Raises:
            ProposalSpent: There is none.
        """
        with self._desk.reading() as session:
            row = session.get(ProposalRow, proposal_id)
            if row is None:
                raise ProposalSpent(f"no transfer {proposal_id}")
            payee = session.get(PayeeRow, row.to_payee_id) if row.to_payee_id else None
            amount = f"{to_major(row.amount_minor):,.2f} {row.currency}"
            return Held(
                row.customer_id, row.call_id, amount, payee.name if payee else "own account"
            )

    def card_kind(self, card_id: int) -> str:
        """Debit or credit."""
        with self._desk.reading() as session:
            return session.get_one(CardRow, card_id).kind

    def order(self, order_id: str) -> Order:
        """An order that was carried out.

        Raises:
            CustomerErased: Nobody knows any more what was ordered.
        """
        with self._desk.reading() as session:
            return _order(session, order_id)

    def card_for(self, order_id: str) -> tuple[str, str]:
        """Kind and status ("new", "active", ...) of the card that was made for an order."""
        with self._desk.reading() as session:
            card = session.scalars(select(CardRow).where(CardRow.ordered_by == order_id)).one()
            return card.kind, "new" if card.waiting else card.status

    def add_card(self, order_id: str, last4: str) -> int:
        """Put the card that was made for an order into the books, once; it waits for its owner."""

        def add(session: Session) -> int:
            known = session.scalar(select(CardRow.id).where(CardRow.ordered_by == order_id))
            if known is not None:
                return known
            order = _order(session, order_id, lock=True)
            old = session.get_one(CardRow, order.terms["card"])
            card = CardRow(
                customer_id=order.customer_id,
                kind=old.kind,
                last4=last4,
                status="active",
                cash_limit_minor=old.cash_limit_minor,
                purchase_limit_minor=old.purchase_limit_minor,
                waiting=True,
                ordered_by=order_id,
            )
            session.add(card)
            session.flush()
            record(session, card, order.call_id, f"made for card {old.id}", self._desk.now())
            return card.id

        return self._desk.do(Deed("add_card", order_id[:64]), add, lambda card: {"card": card})


def _order(session: Session, order_id: str, *, lock: bool = False) -> Order:
    row = session.get_one(OrderRow, order_id, with_for_update=lock)
    require_known(session, row.customer_id)
    return order_value(row)
