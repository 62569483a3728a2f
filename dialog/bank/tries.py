"""Counting tries, so that a PIN cannot be guessed and cards cannot be blocked by the dozen.

Every number counts the same whether or not a customer has it, so that a lock-out tells nobody
which numbers exist. A try is counted before it is looked at: many calls at once get no more
tries than one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dialog.bank.settings import LockoutPolicy
from dialog.bank.tables import TryRow

PIN_NUMBER, PIN_CALL, PIN_ADDRESS, PIN_KNOWN = "pin-number", "pin-call", "pin-address", "pin-known"
BLOCK_NUMBER, BLOCK_CALL, BLOCK_ADDRESS = "block-number", "block-call", "block-address"


@dataclass(frozen=True, slots=True)
class PinTry:
    """Whose PIN is tried, in which call, from where.

    Attributes:
        number: The customer number; None for one that cannot exist.
        call_id: The call.
        address: Keyed hash of the channel and caller id; None where the network tells none.
        known: Keyed hash of address and number, where that customer has logged in from there
            before. Such an address has tries of its own: strangers who use up everybody else's
            do not lock the customer out of their own phone.
    """

    number: str | None
    call_id: str
    address: str | None = None
    known: str | None = None


def count_pin_try(
    session: Session, policy: LockoutPolicy, tried: PinTry, *, now: datetime
) -> int | None:
    """Take one try.

    Returns:
        How many tries are left should this one be wrong; None where there was none to take.
    """
    call = locked_row(session, PIN_CALL, tried.call_id, now)
    if call.count >= policy.tries_per_call:
        return None
    address = _address_row(session, policy, tried, now)
    if address is not None and address.count >= policy.tries_per_address:
        return None
    left = policy.tries_per_call - call.count - 1
    row = _number_row(session, tried, now)
    if row is not None:
        if not _open(row, now):
            return None
        row.count, row.since = row.count + 1, now
        left = min(left, policy.tries - row.count)
        if row.count >= policy.tries:
            row.lockouts += 1
            first = policy.known_lock_period if tried.known else policy.lock_period
            row.locked_until = now + _lock_length(first, policy.longest_lock, row.lockouts)
    call.count += 1
    if address is not None:
        address.count += 1
        left = min(left, policy.tries_per_address - address.count)
    return left


def _number_row(session: Session, tried: PinTry, now: datetime) -> TryRow | None:
    """The counter of this number: the known address's own, or the one of all strangers."""
    if tried.number is None:
        return None
    if tried.known is not None:
        return locked_row(session, PIN_KNOWN, tried.known, now)
    return locked_row(session, PIN_NUMBER, tried.number, now)


def _address_row(
    session: Session, policy: LockoutPolicy, tried: PinTry, now: datetime
) -> TryRow | None:
    """The counter of an address that tries whatever numbers, in a window."""
    if tried.address is None or tried.known is not None:
        return None
    row = locked_row(session, PIN_ADDRESS, tried.address, now)
    if now - row.since >= policy.address_window:
        row.count, row.since = 0, now
    return row


def _open(row: TryRow, now: datetime) -> bool:
    """Whether the number takes tries; a lock-out that is over is taken away."""
    if row.locked_until is None:
        return True
    if now < row.locked_until:
        return False
    row.count, row.locked_until = 0, None
    return True


def _lock_length(first: timedelta, longest: timedelta, lockouts: int) -> timedelta:
    # Twenty doublings of a second are twelve days; more would only overflow a timedelta.
    doubled: timedelta = first * 2 ** min(lockouts - 1, 20)
    return min(doubled, longest)


def forgive_pin_try(
    session: Session, policy: LockoutPolicy, tried: PinTry, *, now: datetime
) -> None:
    """The try was right: the number starts anew, and call and address get this one try back.

    Only this one: a caller with a PIN of their own must not buy tries on others' numbers with it.
    """
    call = locked_row(session, PIN_CALL, tried.call_id, now)
    call.count = max(0, call.count - 1)
    address = _address_row(session, policy, tried, now)
    if address is not None:
        address.count = max(0, address.count - 1)
    row = _number_row(session, tried, now)
    if row is not None:
        row.count, row.lockouts, row.locked_until = 0, 0, None


def count_block(
    session: Session,
    policy: LockoutPolicy,
    *,
    number: str | None,
    call_id: str,
    address: str | None,
    now: datetime,
) -> bool:
    """Take one emergency block in this call.

    Args:
        number: Whose cards; None for a number that cannot exist.
        address: Keyed hash of the channel and caller id; None where the network tells none.

    Returns:
        Whether there was one to take.
    """
    call = locked_row(session, BLOCK_CALL, call_id, now)
    if call.count >= policy.blocks_per_call:
        return False
    counted = [call]
    for scope, subject, most in (
        (BLOCK_ADDRESS, address, policy.blocks_per_address),
        (BLOCK_NUMBER, number, policy.blocks_per_number),
    ):
        if subject is None:
            continue
        row = locked_row(session, scope, subject, now)
        if now - row.since >= policy.block_window:
            row.count, row.since = 0, now
        if row.count >= most:
            return False
        counted.append(row)
    for row in counted:
        row.count += 1
    return True


def locked_row(session: Session, scope: str, subject: str, now: datetime) -> TryRow:
    """The counter, made where there was none, and locked until the transaction ends.

    Callers take the call's, then the address's, then the number's: no two of them deadlock.
    """
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = insert(TryRow).values(scope=scope, subject=subject, count=0, lockouts=0, since=now)
    session.execute(new.on_conflict_do_nothing())
    return session.get_one(TryRow, (scope, subject), with_for_update=True, populate_existing=True)
