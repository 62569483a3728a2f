"""Filling an empty bank with the demo's people: real journal entries, exact balances."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import ledger, migrate
from dialog.bank.bill_tables import BillRow
from dialog.bank.database import Database
from dialog.bank.demo_people import DemoCustomer, Movement, demo_people
from dialog.bank.ledger import Leg
from dialog.bank.money import to_minor
from dialog.bank.pins import PinHasher
from dialog.bank.settings import PinCost
from dialog.bank.tables import (
    CLEARING,
    ERASED,
    INTEREST,
    AccountRow,
    CardEventRow,
    CardRow,
    CustomerRow,
    PayeeRow,
)
from dialog.bank.values import AccountKind
from dialog.errors import BankError

OPENED_DAYS_AGO = 90
CARD_BLOCKED_DAYS_AGO = 20
BILLED_DAYS_AGO = 3
WAIT_S = 30.0


def demo_customers() -> list[DemoCustomer]:
    """The demo's customers with their numbers and PINs, as create_demo makes them."""
    return list(demo_people())


def create_demo(url: str, *, today: date, pepper: bytes, cost: PinCost | None = None) -> None:
    """Make the demo bank: schema, customers and the history that led to their balances.

    All in one transaction. Where the demo already is, nothing changes (nor do its days).

    Args:
        url: sqlite:///path or postgresql+psycopg://user@host/database.
        today: The day that the histories end before.
        pepper: The secret to store the PINs with.
        cost: Argon2id's cost for the stored PINs; tests take a small one.

    Raises:
        BankError: There are other customers, or the demo was made with another pepper.
        BankUnavailable: The database does not answer.
    """
    migrate.upgrade(url)
    pins = PinHasher(pepper, cost or PinCost())
    database = Database(url, wait_s=WAIT_S)
    try:
        database.write(lambda session: _fill(session, today, pins))
    finally:
        database.close()


def _fill(session: Session, today: date, pins: PinHasher) -> None:
    migrate.hold_lock(session)
    people = demo_customers()
    found = session.scalars(select(CustomerRow).order_by(CustomerRow.id)).all()
    if found:
        _require_demo(found, people, pins)
        return
    bank = {kind: _open_bank_account(session, kind) for kind in (CLEARING, INTEREST)}
    dated = []
    for person in people:
        accounts = _open(session, person, today, pins)
        dated += _entries(person, accounts, bank)
    # Oldest first over all customers, as a journal is.
    for days_ago, legs in sorted(dated, key=lambda entry: -entry[0]):
        ledger.post(session, legs, at=_noon(today, days_ago))


def _require_demo(
    found: Sequence[CustomerRow], people: list[DemoCustomer], pins: PinHasher
) -> None:
    """Take a bank for the demo's where its customers are, as far as none was erased."""
    left = [(row, who) for row, who in zip(found, people, strict=False) if row.pin_hash != ERASED]
    if len(found) != len(people) or any(row.number != who.number for row, who in left):
        raise BankError("the bank has customers already: give an empty one to make the demo in")
    if left and not pins.verify(left[0][0].pin_hash, left[0][0].number, left[0][1].pin):
        raise BankError("the demo was made with another pepper: give that one, or an empty bank")


def _open_bank_account(session: Session, kind: str) -> int:
    row = AccountRow(kind=kind, number=f"bank-{kind}-usd", currency="USD", balance_minor=0)
    session.add(row)
    session.flush()
    return row.id


def _open(
    session: Session, person: DemoCustomer, today: date, pins: PinHasher
) -> dict[AccountKind, int]:
    """Add a customer with accounts (empty), payees and cards; account ids by kind."""
    first_name, last_name = person.name.split(" ")
    pin_hash = pins.hash(person.number, person.pin)
    customer = CustomerRow(
        number=person.number,
        first_name=first_name,
        last_name=last_name,
        pin_hash=pin_hash,
        phone=person.phone,
        email=person.email,
    )
    session.add(customer)
    session.flush()
    _add_payees(session, customer, person)
    _add_cards(session, customer, person, today)
    _add_bills(session, customer, person, today)
    rows = [
        AccountRow(
            customer_id=customer.id,
            kind=account.kind,
            number=account.number,
            currency=account.currency,
            balance_minor=0,
        )
        for account in person.accounts
    ]
    session.add_all(rows)
    session.flush()
    return {account.kind: row.id for account, row in zip(person.accounts, rows, strict=True)}


def _add_payees(session: Session, customer: CustomerRow, person: DemoCustomer) -> None:
    for place, name in enumerate(person.payees, start=1):
        number = f"00{customer.number}{place:02d}"
        session.add(PayeeRow(customer_id=customer.id, name=name, account_number=number))
        # One at a time: ids are in the order of the list on every database.
        session.flush()


def _add_bills(session: Session, customer: CustomerRow, person: DemoCustomer, today: date) -> None:
    billers = select(PayeeRow.name, PayeeRow.id).where(PayeeRow.customer_id == customer.id)
    ids = {row.name: row.id for row in session.execute(billers)}
    for bill in person.bills:
        session.add(
            BillRow(
                customer_id=customer.id,
                payee_id=ids[bill.biller],
                kind=bill.kind,
                reference=bill.reference,
                amount_minor=to_minor(bill.amount),
                currency="USD",
                due_on=today + timedelta(days=bill.due_in_days),
                received_at=_noon(today, BILLED_DAYS_AGO),
            )
        )
        session.flush()


def _add_cards(session: Session, customer: CustomerRow, person: DemoCustomer, today: date) -> None:
    for card in person.cards:
        row = CardRow(
            customer_id=customer.id,
            kind=card.kind,
            last4=card.last4,
            status="blocked" if card.status == "blocked" else "active",
            waiting=card.status == "new",
        )
        session.add(row)
        session.flush()
        if card.status == "blocked":
            session.add(
                CardEventRow(
                    card_id=row.id,
                    recorded_at=_noon(today, CARD_BLOCKED_DAYS_AGO),
                    call_id="branch",
                    reason="lost",
                )
            )


def _entries(
    person: DemoCustomer, accounts: dict[AccountKind, int], bank: dict[str, int]
) -> list[tuple[int, list[Leg]]]:
    """The customer's past as (days ago, legs), beginning with what the accounts opened with."""
    opening = {account.kind: to_minor(account.balance) for account in person.accounts}
    entries = []
    for movement in person.history:
        legs = _legs(movement, accounts, bank)
        entries.append((movement.days_ago, legs))
        for kind, account_id in accounts.items():
            opening[kind] -= sum(leg.amount_minor for leg in legs if leg.account_id == account_id)
    deposits = [
        (OPENED_DAYS_AGO, _deposit(accounts[kind], bank[CLEARING], minor))
        for kind, minor in opening.items()
        if minor
    ]
    return deposits + entries


def _deposit(account_id: int, clearing_id: int, minor: int) -> list[Leg]:
    text = "Opening deposit"
    return [Leg(account_id, minor, text), Leg(clearing_id, -minor, text)]


def _legs(movement: Movement, accounts: dict[AccountKind, int], bank: dict[str, int]) -> list[Leg]:
    minor = to_minor(Decimal(movement.amount))
    other, text = _other_side(movement, accounts, bank)
    return [
        Leg(accounts[movement.account], minor, movement.description),
        Leg(other, -minor, text),
    ]


def _other_side(
    movement: Movement, accounts: dict[AccountKind, int], bank: dict[str, int]
) -> tuple[int, str]:
    if movement.side == "own":
        other: AccountKind = "savings" if movement.account == "checking" else "checking"
        return accounts[other], f"Transfer from {movement.account}"
    return bank[INTEREST if movement.side == "interest" else CLEARING], movement.description


def _noon(today: date, days_ago: int) -> datetime:
    return datetime.combine(today - timedelta(days=days_ago), time(12), tzinfo=UTC)
