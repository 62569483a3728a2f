""" "I did not make this payment": an urgent case of the fraud team, taken once."""

from datetime import datetime

from sqlalchemy.orm import Session

from dialog.bank import cards, office
from dialog.bank.cases import COMPLAINT, LONGEST, case_value
from dialog.bank.orders import Order, Told
from dialog.bank.risk import Features
from dialog.bank.routing import bank_day_after
from dialog.bank.tables import CaseRow

FRAUD, DAYS = "fraud", 2


class Dispute:
    """A payment or a call that the customer says was not theirs, in their own words."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is: nobody is kept from reporting fraud."""
        return {"to": "dispute"}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """Nothing: no code is asked for."""
        return {}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Open the case, before all others, and have it followed; blocked cards stay so."""
        row = CaseRow(
            request_id=order.id,
            customer_id=order.customer_id,
            call_id=order.call_id,
            kind="complaint",
            words=str(order.terms["words"])[:LONGEST],
            department=FRAUD,
            urgent=True,
            opened_at=now,
            due_on=bank_day_after(now.date(), DAYS),
        )
        session.add(row)
        cards.keep_blocked(session, order.customer_id, call_id=order.call_id, now=now)
        session.flush()
        office.start(session, COMPLAINT, str(row.id), now)
        case = case_value(row)
        return {"case": case.reference, "due": case.due_on}
