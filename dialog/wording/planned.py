"""Payments still to come."""

from datetime import date

from dialog.bank.values import Schedule
from dialog.view import View
from dialog.wording.forms import Forms, write_day, write_list, write_money
from dialog.wording.registry import value


def _when(day: date, every: str, today: date, forms: Forms) -> str:
    if every == "once" and (day - today).days in forms.near:
        return forms.near[(day - today).days]
    return forms.every[every].format(day=write_day(day, forms))


def _pending(one: Schedule, today: date, forms: Forms) -> str:
    return forms.pending.format(
        amount=write_money(one.amount, forms),
        to=forms.own.format(account=forms.kinds[one.to]) if one.to in forms.kinds else one.to,
        when=_when(one.due_on, one.every, today, forms),
    )


def _all_pending(view: View, forms: Forms) -> list[str]:
    return [_pending(one, view.today, forms) for one in view.known.schedules]


@value
def when(view: View, forms: Forms) -> str:
    """The day of a payment for later, and how often."""
    day = view.later_day()
    return _when(day, view.every(), view.today, forms) if day else ""


@value
def pending(view: View, forms: Forms) -> str:
    """The payment to be cancelled."""
    found = view.pending()
    return _pending(found, view.today, forms) if found else ""


@value
def pending_payments(view: View, forms: Forms) -> str:
    """All payments still to come, the next one first."""
    return write_list(_all_pending(view, forms), forms.all_of)


@value
def pending_choice(view: View, forms: Forms) -> str:
    """The payments still to come, to choose one."""
    return write_list(_all_pending(view, forms), forms.one_of)


@value
def pending_count(view: View, forms: Forms) -> str:
    """How many payments are still to come."""
    return str(len(view.known.schedules))
