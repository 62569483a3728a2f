"""Who calls the bank in its tests, and the clock that the tests move."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from calling import CHEAP, PEPPER, TODAY
from sqlalchemy import make_url

from dialog.bank.bank import Bank
from dialog.bank.demo import demo_customers
from dialog.bank.values import TransferOrder

__all__ = ["CHEAP", "PEPPER", "TODAY", "Clock", "Somebody", "empty", "meet", "plain"]


def plain(url: str) -> str:
    """The address as psycopg itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 16, 10, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass(frozen=True)
class Somebody:
    """A demo customer with the ids that this bank gave them."""

    id: int
    number: str
    pin: str
    checking: int
    savings: int
    payees: dict[str, int]
    cards: dict[str, int]

    def order(self, amount: str, *, to: str = "savings", source: str = "checking") -> TransferOrder:
        """A transfer to an own account's kind or a payee's name."""
        own = {"checking": self.checking, "savings": self.savings}
        return TransferOrder(
            customer_id=self.id,
            from_account_id=own[source],
            amount=Decimal(amount),
            currency="USD",
            to_account_id=own.get(to),
            to_payee_id=self.payees.get(to),
        )


def meet(bank: Bank, first_name: str) -> Somebody:
    """Log in as a demo customer, in a call of their own."""
    person = next(c for c in demo_customers() if c.name.startswith(first_name))
    known = bank.authenticate(person.number, person.pin, call_id=f"meet-{uuid.uuid4().hex}")
    assert known.customer_id is not None
    facts = bank.facts(known.customer_id)
    accounts = {account.kind: account.id for account in facts.accounts}
    return Somebody(
        id=known.customer_id,
        number=person.number,
        pin=person.pin,
        checking=accounts["checking"],
        savings=accounts["savings"],
        payees={payee.name: payee.id for payee in facts.payees},
        cards={card.kind: card.id for card in facts.cards},
    )


def empty(bank: Bank, somebody: Somebody) -> None:
    """Take the money out, as closing the accounts would."""
    for kind in ("checking", "savings"):
        account = next((a for a in bank.facts(somebody.id).accounts if a.kind == kind), None)
        if account is not None and account.balance:
            order = somebody.order(
                str(account.balance), to=next(iter(somebody.payees)), source=kind
            )
            bank.propose_transfer(order, call_id="close", proposal_id=f"close-{kind}")
            bank.execute_transfer(f"close-{kind}", customer_id=somebody.id, call_id="close")
