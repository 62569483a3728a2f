"""What the bank tells about a customer, as plain values. Amounts are Decimal major units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from dialog.bank.risk import Verdict

AccountKind = Literal["checking", "savings"]
CardKind = Literal["debit", "credit"]
CaseKind = Literal["complaint", "suggestion"]
Every = Literal["once", "week", "month"]
CardStatus = Literal["active", "blocked", "new"]
"""new: sent to the customer, who has not said yet that it arrived."""
LimitKind = Literal["cash", "purchases"]
BillState = Literal["open", "planned", "held", "paid"]
"""planned: a payment for a later day pays it; held: two people have to agree to its payment."""
PaymentState = Literal["made", "planned", "tried", "held", "declined", "cancelled", "failed"]
"""planned: its day is to come; tried: it could not be made and is tried again; held: two people
have to agree; failed: it was tried and given up."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a customer; last4 are the last four digits of its number."""

    id: int
    kind: AccountKind
    last4: str
    currency: str
    balance: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class Payee:
    """Somebody the customer has paid before and may pay by voice."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class NewPayee:
    """Somebody to be added: the numbers stay out of repr."""

    name: str
    routing: str = field(repr=False)
    account_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a customer; limits are what it may do in a day."""

    id: int
    kind: CardKind
    last4: str
    status: CardStatus
    limits: Mapping[LimitKind, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One posting on an account as its owner sees it: negative is money out."""

    day: date
    description: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint or suggestion.

    Attributes:
        reference: Digits, the last a check digit, as the caller is told them.
        department: Who answers.
        due_on: By when.
        urgent: It goes before all others.
        answer: What was answered; None while it is open.
    """

    reference: str
    kind: CaseKind
    department: str
    due_on: date
    urgent: bool
    answer: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """Which transactions are meant; what is None does not matter.

    Attributes:
        name: Part of the description: a payee's name.
        amount: In or out.
        or_amount: What was meant where nothing is of that amount.
        first, last: Days of booking, both included.
        direction: "in" or "out".
        category: Of categories.yaml.
    """

    account_id: int | None = None
    name: str | None = None
    amount: Decimal | None = None
    or_amount: Decimal | None = None
    first: date | None = None
    last: date | None = None
    direction: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Transactions that fit a search: the latest ones, how many there are, and their sum."""

    latest: tuple[Transaction, ...]
    count: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class Spending:
    """What went out: the sum, and the categories that most went to. Positive amounts."""

    total: Decimal
    most: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A payment that is still to come.

    Attributes:
        id: Its proposal's.
        to: The payee's name, or the kind of the customer's own account.
        every: How often.
        due_on: The next time.
    """

    id: str
    amount: Decimal
    currency: str
    to: str
    every: Every
    due_on: date


@dataclass(frozen=True, slots=True)
class Bill:
    """What somebody wants to be paid.

    Attributes:
        biller: The payee's name.
        kind: What it is for: "electricity", "rent", ...
        reference: The biller's.
        due_on: The last day to pay it.
    """

    id: int
    biller: str
    kind: str
    reference: str
    amount: Decimal
    currency: str
    due_on: date
    state: BillState


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """A payment of the customer's, and what became of it.

    Attributes:
        to: The payee's name, or the kind of the customer's own account.
        outside: It goes to another bank, and was asked for here.
        day: When it was made, decided or given up, or when it is to be made.
        at: When it came to stand so.
    """

    state: PaymentState
    amount: Decimal
    to: str
    outside: bool
    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the dialog may know of an authenticated customer while it decides.

    survey_share is the share of calls that are asked how they were, 0 for whom that is too soon.
    descriptions are those of the latest transactions.
    """

    customer_id: int
    first_name: str
    accounts: tuple[Account, ...]
    payees: tuple[Payee, ...]
    cards: tuple[Card, ...]
    schedules: tuple[Schedule, ...] = ()
    cases: tuple[Case, ...] = ()
    bills: tuple[Bill, ...] = ()
    survey_share: float = 0.0
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """What is to be moved: exactly one of to_account_id and to_payee_id is given.

    Attributes:
        first_on: The day that it is to be made on, if that is a later one.
        every: How often from then on.
        bill_id: The bill that it pays.
        mood: How the caller feels: "angry", "distressed", "was_upset" or "calm".
    """

    customer_id: int
    from_account_id: int
    amount: Decimal
    currency: str
    to_account_id: int | None = None
    to_payee_id: int | None = None
    first_on: date | None = None
    every: Every = "once"
    bill_id: int | None = None
    mood: str = "calm"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A transfer that was read back and stored.

    Attributes:
        sent_before: Another call of the customer has sent just that lately: one that broke off
            before the outcome was heard, perhaps.
        needs_code: It is made only after a one-time code.
        verdict: Of the risk rules, with its reasons.
    """

    sent_before: bool
    needs_code: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transfer that is in the journal; repeated is True where it was already there.

    verdict is what the risk rules said when it was made.
    """

    proposal_id: str
    journal_id: int
    amount: Decimal
    currency: str
    balance_after: Decimal
    repeated: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """The answer to a number and a PIN. It never says which of the two was wrong."""

    customer_id: int | None
    first_name: str | None
    locked: bool
    tries_left: int
