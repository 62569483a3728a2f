"""Booking a call of the bank's: on a bank day, in office hours, about something."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from dialog.bank import office
from dialog.bank.orders import Order, Told
from dialog.bank.risk import Features
from dialog.errors import InvalidDay

CALL_BACK = "call_back"
HOURS = range(9, 18)
FURTHEST = timedelta(days=60)


def is_call_day(day: date, today: date) -> bool:
    """Whether somebody calls on that day."""
    return today < day <= today + FURTHEST and day.weekday() < 5


class CallBack:
    """A call on a day, after an hour, about what the caller said."""

    def features(self, session: Session, order: Order, now: datetime) -> Features:
        """Nothing beside what it is."""
        day = date.fromisoformat(str(order.terms["day"]))
        if not is_call_day(day, now.date()) or int(order.terms["hour"]) not in HOURS:
            raise InvalidDay("nobody calls then; ask for a weekday and an hour of the day")
        return {"to": "call_back"}

    def letter(self, session: Session, order: Order) -> dict[str, str]:
        """When."""
        return {"day": str(order.terms["day"]), "hour": str(order.terms["hour"])}

    def carry_out(self, session: Session, order: Order, now: datetime) -> Told:
        """Start the workflow that has it done."""
        return {"workflow": office.start(session, CALL_BACK, order.id, now)}
