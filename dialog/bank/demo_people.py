"""The demo bank's people: who they are, what they hold and what they did of late.

Invented, all of them. An account's history ends at exactly the balance given here: what it held
before is what is missing.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from stdnum import verhoeff

from dialog.bank.values import AccountKind, CardKind, CardStatus

Side = Literal["outside", "own", "interest"]
"""The other side of a movement: another bank, the customer's other account, or our interest."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One past movement on an account.

    Attributes:
        days_ago: Days before today.
        account: Whose statement the description is written for.
        description: As the customer reads it.
        amount: Major units as a string; negative is money out.
        side: Where the money came from or went to.
    """

    days_ago: int
    account: AccountKind
    description: str
    amount: str
    side: Side = "outside"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account with the balance it has today."""

    kind: AccountKind
    number: str
    balance: Decimal
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card and whether it works; a new one has come by mail and waits to be activated."""

    kind: CardKind
    last4: str
    status: CardStatus = "active"


@dataclass(frozen=True, slots=True)
class DemoBill:
    """A bill that one of the customer's payees has sent; due_in_days from today."""

    biller: str
    kind: str
    reference: str
    amount: Decimal
    due_in_days: int


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer of the demo bank, with the PIN in clear: it opens nothing but the demo."""

    name: str
    number: str
    pin: str = field(repr=False)
    accounts: tuple[DemoAccount, ...]
    cards: tuple[DemoCard, ...]
    payees: tuple[str, ...]
    history: tuple[Movement, ...]
    phone: str
    email: str
    bills: tuple[DemoBill, ...] = ()


def _number(base: str) -> str:
    return base + str(verhoeff.calc_check_digit(base))


def _checking(number: str, balance: str) -> DemoAccount:
    return DemoAccount("checking", number, Decimal(balance))


def _savings(number: str, balance: str) -> DemoAccount:
    return DemoAccount("savings", number, Decimal(balance))


def demo_people() -> tuple[DemoCustomer, ...]:
    """The four customers of the demo bank."""
    return (_maria(), _james(), _priya(), _daniel())


def _maria() -> DemoCustomer:
    return DemoCustomer(
        name="Maria Lopez",
        number=_number("4021730"),
        pin="4821",
        accounts=(_checking("1047265318", "2450.75"), _savings("2089415047", "8300.00")),
        cards=(DemoCard("debit", "3316"), DemoCard("credit", "9042")),
        payees=("Anna Keller", "Tom Becker", "City Power", "Hanna Cole"),
        history=(
            Movement(16, "checking", "Salary from Northfield Clinic", "3120.00"),
            Movement(15, "checking", "Rent to Oak Street Homes", "-1350.00"),
            Movement(14, "checking", "Transfer to savings", "-400.00", "own"),
            Movement(13, "savings", "Interest", "14.20", "interest"),
            Movement(11, "checking", "Transfer to City Power", "-86.40"),
            Movement(6, "checking", "Market Square Groceries", "-74.18"),
            Movement(4, "checking", "Transfer to Tom Becker", "-45.00"),
            Movement(2, "checking", "Corner Coffee", "-6.35"),
            Movement(1, "checking", "Riverside Pharmacy", "-23.99"),
        ),
        phone="+15555550141",
        email="maria.lopez@example.com",
        bills=(
            DemoBill("City Power", "electricity", "CP-7719-204", Decimal("92.15"), 9),
            DemoBill("City Power", "gas", "CP-7719-311", Decimal("38.60"), 15),
        ),
    )


def _james() -> DemoCustomer:
    return DemoCustomer(
        name="James Carter",
        number=_number("5108264"),
        pin="0472",
        accounts=(_checking("1052817764", "512.30"), _savings("2031760925", "150.00")),
        cards=(DemoCard("debit", "7720"),),
        payees=("Greenfield Rentals", "Luis Ortega"),
        history=(
            Movement(17, "checking", "Wages from Harbor Garage", "1480.00"),
            Movement(15, "checking", "Transfer to Greenfield Rentals", "-895.00"),
            Movement(12, "savings", "Interest", "0.25", "interest"),
            Movement(9, "checking", "Transfer to savings", "-50.00", "own"),
            Movement(5, "checking", "Fuel Stop", "-41.70"),
            Movement(3, "checking", "Transfer to Luis Ortega", "-30.00"),
            Movement(1, "checking", "Pizza Verona", "-18.50"),
        ),
        phone="+15555550142",
        email="james.carter@example.com",
        bills=(DemoBill("Greenfield Rentals", "rent", "GR-0405", Decimal("895.00"), 16),),
    )


def _priya() -> DemoCustomer:
    return DemoCustomer(
        name="Priya Patel",
        number=_number("6390057"),
        pin="9135",
        accounts=(_checking("1068302891", "19804.12"), _savings("2074418536", "52010.40")),
        cards=(DemoCard("debit", "1185"), DemoCard("credit", "6607")),
        payees=("Stephen Moore", "Sofia Rossi", "Blue River Insurance"),
        history=(
            Movement(18, "checking", "Fees from Linden Architects", "7400.00"),
            Movement(15, "checking", "Mortgage to First Home Lending", "-2260.00"),
            Movement(13, "savings", "Interest", "108.15", "interest"),
            Movement(10, "checking", "Transfer to Blue River Insurance", "-312.60"),
            Movement(8, "checking", "Transfer to savings", "-2000.00", "own"),
            Movement(5, "checking", "Airline tickets", "-684.90"),
            Movement(3, "checking", "Transfer to Sofia Rossi", "-150.00"),
            Movement(2, "checking", "Bookshop on Fifth", "-58.25"),
        ),
        phone="+15555550143",
        email="priya.patel@example.com",
        bills=(DemoBill("Blue River Insurance", "insurance", "BR-63-5518", Decimal("1312.60"), 5),),
    )


def _daniel() -> DemoCustomer:
    return DemoCustomer(
        name="Daniel Kim",
        number=_number("7750912"),
        pin="6608",
        accounts=(_checking("1093347102", "20.05"), _savings("2015526689", "0.00")),
        cards=(DemoCard("debit", "5093", "blocked"), DemoCard("credit", "4410", "new")),
        payees=("Mina Park",),
        history=(
            Movement(14, "checking", "Wages from Campus Library", "310.00"),
            Movement(12, "checking", "Room rent", "-280.00"),
            Movement(9, "savings", "Transfer to checking", "-35.00", "own"),
            Movement(6, "checking", "Transfer to Mina Park", "-25.00"),
            Movement(4, "checking", "Bus pass", "-22.50"),
            Movement(1, "checking", "Noodle House", "-9.80"),
        ),
        phone="+15555550144",
        email="daniel.kim@example.com",
    )
