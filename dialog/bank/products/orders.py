"""Agreeing to recommendations, taking that back, and correcting the profile behind them."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from dialog.bank.order_tables import OrderRow
from dialog.bank.orders import Order, Told
from dialog.bank.products.profile import ATTITUDES, LONGEST_GOAL
from dialog.bank.products.tables import UNSEEN, ProfileRow, RecommendationRow
from dialog.bank.risk import Features
from dialog.errors import InvalidAmount

PROFILE = "profile"
MOST_MONTHS = 600
MOST_MINOR = 10**11
COLUMNS = {
    "attitude": "attitude",
    "months": "months",
    "goal": "goal",
    "income": "income_minor",
    "spending": "spending_minor",
    "saving": "saving_minor",
}
"""What may be corrected, and where it is kept."""


class ConsentOrder:
    """Agreeing, or taking it back, which forgets all that was told."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is."""
        return {"to": "consent"}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Nothing."""
        return {}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Keep the day, or forget everything."""
        given = order.terms["given"] == 1
        if given:
            row = session.get(ProfileRow, order.customer_id, with_for_update=True)
            row = row or _new(session, order.customer_id)
            row.consent_at = now
        else:
            _forget(session, order.customer_id)
        return {"given": given}


class ProfileOrder:
    """One thing of the profile as the customer says it is."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is.

        Raises:
            InvalidAmount: It cannot be so.
        """
        item, value = str(order.terms["item"]), order.terms["value"]
        bounds = {"attitude": (1, len(ATTITUDES)), "months": (0, MOST_MONTHS)}
        if item == "goal":
            fits = isinstance(value, str)
        else:
            least, most = bounds.get(item, (0, MOST_MINOR))
            fits = item in COLUMNS and isinstance(value, int) and least <= value <= most
        if not fits:
            raise InvalidAmount(f"a profile's {item} cannot be so")
        return {"to": PROFILE}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Nothing."""
        return {}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Keep it; the audit learns which it is, not what was said."""
        row = session.get(ProfileRow, order.customer_id, with_for_update=True)
        row = row or _new(session, order.customer_id)
        item, value = str(order.terms["item"]), order.terms["value"]
        kept = str(value)[:LONGEST_GOAL] if item == "goal" else value
        setattr(row, COLUMNS[item], kept)
        return {"item": item}


def _forget(session: Session, customer_id: int) -> None:
    """Take out what was told, in which orders it was told, and what was recommended from it."""
    session.execute(delete(ProfileRow).where(ProfileRow.customer_id == customer_id))
    told = (OrderRow.customer_id == customer_id, OrderRow.kind == PROFILE)
    session.execute(delete(OrderRow).where(*told))
    made = RecommendationRow.customer_id == customer_id
    session.execute(update(RecommendationRow).where(made).values(seen=UNSEEN))


def _new(session: Session, customer_id: int) -> ProfileRow:
    row = ProfileRow(customer_id=customer_id, goal="")
    session.add(row)
    session.flush()
    return row
