"""What is held of an account: it is booked, but kept for a transfer that two people look at."""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from dialog.bank.tables import AccountRow, EntryRow, ProposalRow
from dialog.errors import InsufficientFunds


def held(session: Session, account_id: int, *, but: str | None = None) -> int:
    """Minor units that wait for a decision.

    Args:
        session: Any transaction.
        account_id: The account that they would leave.
        but: A proposal that is not counted: the one that is about to take what was kept for it.
    """
    query = _held().where(ProposalRow.from_account_id == account_id, ProposalRow.id != (but or ""))
    return int(session.scalar(query) or 0)


def require_free(session: Session, account: AccountRow, amount_minor: int, *, but: str) -> None:
    """Refuse to promise money that is not there, or is promised already.

    Raises:
        InsufficientFunds: The account has less than that available.
    """
    if account.balance_minor - held(session, account.id, but=but) < amount_minor:
        raise InsufficientFunds("the account has less than that available; nothing was held")


def promised_twice(session: Session) -> list[int]:
    """Accounts of which more is held than they have: there must be none."""
    query = _held().join(AccountRow, AccountRow.id == ProposalRow.from_account_id)
    query = query.with_only_columns(AccountRow.id).group_by(AccountRow.id, AccountRow.balance_minor)
    kept = func.sum(ProposalRow.amount_minor)
    return list(session.scalars(query.having(kept > AccountRow.balance_minor)))


def _held() -> Select[int]:
    """The sum of what was confirmed, and neither made nor declined yet."""
    made = select(EntryRow.id).where(EntryRow.proposal_id == ProposalRow.id)
    return select(func.coalesce(func.sum(ProposalRow.amount_minor), 0)).where(
        ProposalRow.held_at.is_not(None),
        ProposalRow.declined_at.is_(None),
        ~made.correlate(ProposalRow).exists(),
    )
