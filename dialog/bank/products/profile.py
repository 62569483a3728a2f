"""What a recommendation is made from: what the books say of a customer, what they said themselves,
and what they corrected. Nothing of who they are is in it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank import searches
from dialog.bank.money import to_major
from dialog.bank.products.tables import ProfileRow
from dialog.bank.tables import AccountRow
from dialog.bank.values import Search

Figure = Literal["income", "spending", "saving"]
FIGURES: tuple[Figure, ...] = ("income", "spending", "saving")
ATTITUDES = ("careful", "balanced", "adventurous")
MONTH = timedelta(days=31)
"""The days that are looked at: what came in and went out lately is a month's."""
FLEXIBLE = ("travel", "eating_out", "shopping")
LONGEST_GOAL = 300


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer as a recommendation sees them. Amounts are major units; flows are a month's.

    Attributes:
        savings, checking: What the accounts hold.
        income: From outside.
        spending: To the outside.
        saving: Moved to savings.
        flexible: Share of the spending on travel, eating out and shopping, 0 to 1.
        attitude: 1 careful, 2 balanced, 3 adventurous; None where they have not said.
        months: How long they can leave the money; None where they have not said.
        goal: What they save for, in their own words.
        corrected: The figures that are as the customer said, and not as the books say.
        consented: They have agreed to recommendations, and that still counts.
    """

    savings: Decimal
    checking: Decimal
    income: Decimal
    spending: Decimal
    saving: Decimal
    flexible: float
    attitude: int | None = None
    months: int | None = None
    goal: str = ""
    corrected: tuple[Figure, ...] = ()
    consented: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What a customer said to a recommendation, and the profile that it was made from."""

    profile: Profile
    product: str
    interested: bool


def read_profile(session: Session, customer_id: int, now: datetime, consent: timedelta) -> Profile:
    """The profile as of now; without consent the books are not looked at.

    Args:
        session: A snapshot.
        customer_id: Whose.
        now: The time.
        consent: How long one counts.
    """
    row = session.get(ProfileRow, customer_id)
    agreed = row is not None and row.consent_at is not None and now - row.consent_at < consent
    zero = Decimal(0)
    empty = Profile(zero, zero, zero, zero, zero, 0.0, consented=agreed)
    found = _from_books(session, customer_id, now.date(), empty) if agreed else empty
    return _as_told(found, row) if row is not None else found


def _from_books(session: Session, customer_id: int, today: date, profile: Profile) -> Profile:
    month = Search(first=today - MONTH, last=today)
    spent = searches.spending(session, customer_id, month)
    parts = (searches.spending(session, customer_id, replace(month, category=c)) for c in FLEXIBLE)
    flexible = sum((part.total for part in parts), Decimal(0))
    kinds = select(AccountRow.kind, AccountRow.balance_minor)
    rows = session.execute(kinds.where(AccountRow.customer_id == customer_id)).all()
    held: dict[str, Any] = {
        kind: to_major(sum(row.balance_minor for row in rows if row.kind == kind))
        for kind in ("savings", "checking")
    }
    return replace(
        profile,
        **held,
        income=searches.from_outside(session, customer_id, month),
        spending=spent.total,
        saving=searches.put_aside(session, customer_id, month),
        flexible=float(flexible / spent.total) if spent.total else 0.0,
    )


def _as_told(profile: Profile, row: ProfileRow) -> Profile:
    """With what the customer said and corrected."""
    told: dict[Figure, int | None] = {
        "income": row.income_minor,
        "spending": row.spending_minor,
        "saving": row.saving_minor,
    }
    figures: dict[str, Any] = {n: to_major(minor) for n, minor in told.items() if minor is not None}
    return replace(
        profile,
        **figures,
        attitude=row.attitude,
        months=row.months,
        goal=row.goal,
        corrected=tuple(name for name, minor in told.items() if minor is not None),
    )
