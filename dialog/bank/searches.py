"""Finding transactions of a customer, and what they spent on what."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from dialog.bank.money import to_major, to_minor
from dialog.bank.tables import AccountRow, EntryRow, PostingRow
from dialog.bank.values import Found, Search, Spending, Transaction

OTHER = "other"
OPENING = "Opening deposit"
LARGEST = 10**17
"""Minor units; more than any account can hold."""
TOLD = 3
"""Transactions, and categories, that a caller can listen to in one go."""


@cache
def categories() -> dict[str, tuple[str, ...]]:
    """Words by category, in the file's order."""
    text = Path(__file__).with_name("categories.yaml").read_text(encoding="utf-8")
    return {name: tuple(words) for name, words in yaml.safe_load(text).items()}


def category_of(description: str) -> str:
    """The first category that has a word of the description."""
    words = set(description.lower().split())
    return next((name for name, known in categories().items() if words & set(known)), OTHER)


def find(session: Session, customer_id: int, search: Search) -> Found:
    """The customer's transactions that fit, the newest first, with how many and their sum.

    Raises:
        InvalidAmount: The amount has parts of a cent.
    """
    fitting = list(_fitting(session, customer_id, search))
    total = sum((t.amount for t in fitting), start=to_major(0))
    return Found(tuple(fitting[:TOLD]), len(fitting), total)


def spending(session: Session, customer_id: int, search: Search) -> Spending:
    """What went out, without transfers between own accounts, and the categories it went to.

    Amounts are positive.
    """
    sums: Counter[str] = Counter()
    for transaction in _fitting(session, customer_id, search, own=False):
        if transaction.amount < 0:
            sums[category_of(transaction.description)] -= to_minor(transaction.amount)
    most = tuple((name, to_major(minor)) for name, minor in sums.most_common(TOLD))
    return Spending(to_major(sums.total()), most)


def from_outside(session: Session, customer_id: int, search: Search) -> Decimal:
    """What came in from other banks; what accounts were opened with does not count."""
    incoming = replace(search, direction="in")
    found = _fitting(session, customer_id, incoming, own=False)
    return sum((one.amount for one in found if one.description != OPENING), start=to_major(0))


def put_aside(session: Session, customer_id: int, search: Search) -> Decimal:
    """What was moved to savings from accounts of one's own, less what was taken back."""
    savings = select(AccountRow.id).where(
        AccountRow.customer_id == customer_id, AccountRow.kind == "savings"
    )
    own = _query(customer_id, search, own=True).where(
        PostingRow.account_id.in_(savings), _between_own(customer_id)
    )
    moved = sum(posting.amount_minor for posting, _ in session.execute(own))
    return to_major(max(moved, 0))


def _fitting(
    session: Session, customer_id: int, search: Search, *, own: bool = True
) -> Iterator[Transaction]:
    for posting, entry in session.execute(_query(customer_id, search, own=own)):
        spent = posting.amount_minor < 0
        if search.category and (category_of(posting.description) != search.category or not spent):
            continue
        yield Transaction(
            day=entry.booked_on,
            description=posting.description,
            amount=to_major(posting.amount_minor),
            currency=posting.currency,
        )


def _query(customer_id: int, search: Search, *, own: bool) -> Select[PostingRow, EntryRow]:
    query = (
        select(PostingRow, EntryRow)
        .join(EntryRow, PostingRow.entry_id == EntryRow.id)
        .join(AccountRow, PostingRow.account_id == AccountRow.id)
        .where(AccountRow.customer_id == customer_id)
        .order_by(PostingRow.id.desc())
    )
    if search.account_id is not None:
        query = query.where(PostingRow.account_id == search.account_id)
    if search.name is not None:
        query = query.where(PostingRow.description.icontains(search.name, autoescape=True))
    if search.amount is not None:
        query = query.where(func.abs(PostingRow.amount_minor) == _searchable(search.amount))
    if search.first is not None:
        query = query.where(EntryRow.booked_on >= search.first)
    if search.last is not None:
        query = query.where(EntryRow.booked_on <= search.last)
    if search.direction is not None:
        incoming = search.direction == "in"
        sign = PostingRow.amount_minor > 0 if incoming else PostingRow.amount_minor < 0
        query = query.where(sign)
    return query if own else query.where(~_between_own(customer_id))


def _searchable(amount: Decimal) -> int:
    """Minor units, at most one more than any posting has: a database's integers end somewhere."""
    return min(abs(to_minor(amount)), LARGEST)


def _between_own(customer_id: int):  # type: ignore[no-untyped-def]
    """Whether another posting of the same entry is on an account of the same customer."""
    other, account = aliased(PostingRow), aliased(AccountRow)
    return (
        select(other.id)
        .join(account, other.account_id == account.id)
        .where(
            other.entry_id == PostingRow.entry_id,
            other.account_id != PostingRow.account_id,
            account.customer_id == customer_id,
        )
        .exists()
    )
