"""Booking a call of the bank's."""

from datetime import time

from dialog.bank.call_backs import HOURS, is_call_day
from dialog.bank.orders import Terms
from dialog.conditions import condition
from dialog.services.naming import order
from dialog.view import View
from dialog.wording.forms import Forms, write_day
from dialog.wording.registry import value


@condition
def is_day_for_a_call(view: View) -> bool:
    """Somebody calls on that day."""
    day = view.day("day")
    return day is not None and is_call_day(day, view.today)


@condition
def is_hour_for_a_call(view: View) -> bool:
    """Somebody calls at that hour."""
    return _hour(view) in HOURS


def _hour(view: View) -> int:
    """The hour; "three" in the afternoon's office hours is fifteen."""
    told = view.frame.slots.get("at")
    hour = told.value.hour if told and isinstance(told.value, time) else -1
    return hour + 12 if 0 < hour < 6 else hour


def _terms(view: View) -> Terms:
    day = view.day("day") or view.today
    about = str(view.frame.slots["words"].value)[:500]
    return {"day": day.isoformat(), "hour": _hour(view), "about": about}


order("call_back", _terms, "day_past")


@value
def call_day(view: View, forms: Forms) -> str:
    """The day of the call."""
    day = view.day("day")
    return write_day(day, forms) if day else ""


@value
def call_hour(view: View, forms: Forms) -> str:
    """The hour of the call."""
    hour = _hour(view)
    form = forms.morning if hour < 12 else forms.afternoon
    return form.format(hour=(hour - 1) % 12 + 1)
