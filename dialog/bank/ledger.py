"""Double entry: money moves by journal entries whose postings sum to zero, and never changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dialog.bank.holds import held, promised_twice
from dialog.bank.tables import AccountRow, EntryRow, PostingRow, ProposalRow
from dialog.errors import InsufficientFunds, LedgerError, UnknownAccount


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry to be made: minor units, positive is money in."""

    account_id: int
    amount_minor: int
    description: str


def lock_accounts(session: Session, ids: Iterable[int]) -> dict[int, AccountRow]:
    """The accounts by id, locked until the transaction ends.

    Always in the order of their ids, so that two transfers in opposite directions wait for each
    other instead of deadlocking. (SQLite has one writer and needs no row locks.)

    Raises:
        UnknownAccount: One of them does not exist.
    """
    wanted = sorted(set(ids))
    rows = session.scalars(
        select(AccountRow)
        .where(AccountRow.id.in_(wanted))
        .order_by(AccountRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) != len(wanted):
        raise UnknownAccount("an account of this entry does not exist")
    return {row.id: row for row in rows}


def post(
    session: Session, legs: Sequence[Leg], *, at: datetime, proposal_id: str | None = None
) -> EntryRow:
    """Add one journal entry and bring the accounts' balances along.

    Args:
        session: A write transaction.
        legs: Two or more, summing to zero in each currency.
        at: When; its own day is the day of booking.
        proposal_id: The proposal that this entry spends, or None.

    Raises:
        InsufficientFunds: A customer's account would be overdrawn.
        LedgerError: The legs do not sum to zero.
    """
    accounts = lock_accounts(session, (leg.account_id for leg in legs))
    _require_zero_sum(legs, accounts)
    entry = EntryRow(recorded_at=at, booked_on=at.date(), proposal_id=proposal_id)
    session.add(entry)
    session.flush()
    for leg in legs:
        _add_posting(session, entry, leg, accounts[leg.account_id])
    session.flush()
    return entry


def _require_zero_sum(legs: Sequence[Leg], accounts: dict[int, AccountRow]) -> None:
    sums: defaultdict[str, int] = defaultdict(int)
    for leg in legs:
        sums[accounts[leg.account_id].currency] += leg.amount_minor
    if len(legs) < 2 or any(sums.values()):
        raise LedgerError("the entry's postings do not sum to zero; nothing was posted")


def _add_posting(session: Session, entry: EntryRow, leg: Leg, account: AccountRow) -> None:
    balance = account.balance_minor + leg.amount_minor
    if leg.amount_minor < 0 and account.customer_id is not None:
        kept = held(session, account.id, but=entry.proposal_id)
        if balance < kept:
            raise InsufficientFunds("the account has less than that available; nothing was moved")
    account.balance_minor = balance
    session.add(
        PostingRow(
            entry_id=entry.id,
            account_id=account.id,
            amount_minor=leg.amount_minor,
            currency=account.currency,
            balance_after_minor=balance,
            description=leg.description,
        )
    )


def check(session: Session) -> None:
    """Prove the books: see each rule below.

    Raises:
        LedgerError: Names the first rule that is broken, and where.
    """
    for rule, found in (
        ("journal entries that do not sum to zero", _unbalanced(session)),
        ("journal entries with fewer than two postings", _lonely(session)),
        ("accounts whose balance is not the sum of their postings", _wrong_balances(session)),
        ("postings whose balance does not follow from the one before", _broken_chains(session)),
        ("postings in another currency than their account's", _wrong_currencies(session)),
        ("customer accounts below zero", _overdrawn(session)),
        ("accounts that hold less than is kept of them", promised_twice(session)),
        ("proposals whose entry moved another amount", _wrong_amounts(session)),
    ):
        if found:
            raise LedgerError(f"the books are wrong: {rule}: ids {found[:10]}")


def _unbalanced(session: Session) -> Sequence[int]:
    total = func.sum(PostingRow.amount_minor)
    query = select(PostingRow.entry_id).group_by(PostingRow.entry_id, PostingRow.currency)
    return session.scalars(query.having(total != 0)).all()


def _lonely(session: Session) -> Sequence[int]:
    query = select(EntryRow.id).outerjoin(PostingRow, PostingRow.entry_id == EntryRow.id)
    return session.scalars(query.group_by(EntryRow.id).having(func.count(PostingRow.id) < 2)).all()


def _wrong_balances(session: Session) -> Sequence[int]:
    total = func.coalesce(func.sum(PostingRow.amount_minor), 0)
    query = select(AccountRow.id).outerjoin(PostingRow, PostingRow.account_id == AccountRow.id)
    query = query.group_by(AccountRow.id, AccountRow.balance_minor)
    return session.scalars(query.having(total != AccountRow.balance_minor)).all()


def _broken_chains(session: Session) -> Sequence[int]:
    running = func.sum(PostingRow.amount_minor).over(
        partition_by=PostingRow.account_id, order_by=PostingRow.id
    )
    chain = select(PostingRow.id, PostingRow.balance_after_minor, running.label("sum")).subquery()
    return session.scalars(
        select(chain.c.id).where(chain.c.balance_after_minor != chain.c.sum)
    ).all()


def _wrong_currencies(session: Session) -> Sequence[int]:
    query = select(PostingRow.id).join(AccountRow, PostingRow.account_id == AccountRow.id)
    return session.scalars(query.where(PostingRow.currency != AccountRow.currency)).all()


def _overdrawn(session: Session) -> Sequence[int]:
    query = select(AccountRow.id).where(AccountRow.customer_id.is_not(None))
    return session.scalars(query.where(AccountRow.balance_minor < 0)).all()


def _wrong_amounts(session: Session) -> Sequence[int]:
    """Entries of proposals in which the source account did not give exactly the amount."""
    given = func.coalesce(func.sum(PostingRow.amount_minor), 0)
    query = (
        select(EntryRow.id)
        .join(ProposalRow, EntryRow.proposal_id == ProposalRow.id)
        .outerjoin(
            PostingRow,
            (PostingRow.entry_id == EntryRow.id)
            & (PostingRow.account_id == ProposalRow.from_account_id),
        )
        .group_by(EntryRow.id, ProposalRow.amount_minor)
    )
    return session.scalars(query.having(given != -ProposalRow.amount_minor)).all()
