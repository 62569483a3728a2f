"""Counting tries, so that a PIN cannot be guessed and cards cannot be blocked by the dozen.

Every number counts the same whether or not a customer has it, so that a lock-out tells nobody
which numbers exist. A try is counted before it is looked at: many calls at once get no more
tries than one.
"""

from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dialog.bank.settings import LockoutPolicy
from dialog.bank.tables import TryRow

PIN_NUMBER, PIN_CALL = "pin-number", "pin-call"
BLOCK_NUMBER, BLOCK_CALL = "block-number", "block-call"


def count_pin_try(
    session: Session, policy: LockoutPolicy, *, number: str | None, call_id: str, now: datetime
) -> int | None:
    """Take one try for the number (None: one that cannot exist) in this call.

    Returns:
        How many tries are left should this one be wrong; None where there was none to take.
    """
    call = locked_row(session, PIN_CALL, call_id, now)
    if call.count >= policy.tries_per_call:
        return None
    left = policy.tries_per_call - call.count - 1
    if number is not None:
        row = locked_row(session, PIN_NUMBER, number, now)
        if not _open(row, now):
            return None
        row.count += 1
        left = min(left, policy.tries - row.count)
        if row.count >= policy.tries:
            row.lockouts += 1
            row.locked_until = now + _lock_length(policy, row.lockouts)
    call.count += 1
    return left


def _open(row: TryRow, now: datetime) -> bool:
    """Whether the number takes tries; a lock-out that is over is taken away."""
    if row.locked_until is None:
        return True
    if now < row.locked_until:
        return False
    row.count, row.locked_until = 0, None
    return True


def _lock_length(policy: LockoutPolicy, lockouts: int) -> timedelta:
    # Twenty doublings of a second are twelve days; more would only overflow a timedelta.
    doubled: timedelta = policy.lock_period * 2 ** min(lockouts - 1, 20)
    return min(doubled, policy.longest_lock)


def forgive_pin_try(session: Session, *, number: str, call_id: str, now: datetime) -> None:
    """The try was right: the number starts anew, and the call gets this one try back.

    Only this one: a caller with a PIN of their own must not buy tries on others' numbers with it.
    """
    call = locked_row(session, PIN_CALL, call_id, now)
    call.count = max(0, call.count - 1)
    row = locked_row(session, PIN_NUMBER, number, now)
    row.count, row.lockouts, row.locked_until = 0, 0, None


def count_block(
    session: Session, policy: LockoutPolicy, *, number: str | None, call_id: str, now: datetime
) -> bool:
    """Take one emergency block for the number (None: one that cannot exist) in this call.

    Returns:
        Whether there was one to take.
    """
    call = locked_row(session, BLOCK_CALL, call_id, now)
    if call.count >= policy.blocks_per_call:
        return False
    if number is not None:
        row = locked_row(session, BLOCK_NUMBER, number, now)
        if now - row.since >= policy.block_window:
            row.count, row.since = 0, now
        if row.count >= policy.blocks_per_number:
            return False
        row.count += 1
    call.count += 1
    return True


def locked_row(session: Session, scope: str, subject: str, now: datetime) -> TryRow:
    """The counter, made where there was none, and locked until the transaction ends.

    Callers always take the call's before the number's, so that no two of them deadlock.
    """
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = insert(TryRow).values(scope=scope, subject=subject, count=0, lockouts=0, since=now)
    session.execute(new.on_conflict_do_nothing())
    return session.get_one(TryRow, (scope, subject), with_for_update=True, populate_existing=True)
