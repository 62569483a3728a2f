"""What became of a payment."""

from typing import Any

from dialog.actions import search
from dialog.acts import Origin, Told
from dialog.bank.bank import Bank
from dialog.bank.values import PaymentStatus
from dialog.conditions import condition
from dialog.decision import Act
from dialog.services.naming import act
from dialog.view import View
from dialog.wording.forms import Forms, write_day, write_list, write_money
from dialog.wording.registry import value


def _status(wanted: Act, bank: Bank, origin: Origin) -> Told:
    customer: Any = wanted.arguments["customer_id"]
    asked: Any = wanted.arguments["search"]
    return "ok", {"payments": bank.payments.status(customer, asked)}


act("payment_status", search, _status)


def _found(view: View) -> tuple[PaymentStatus, ...]:
    found: Any = view.frame.outcome.get("payments", ())
    return tuple(found)


@condition
def any_payment_found(view: View) -> bool:
    """There is a payment as the caller told it."""
    return bool(_found(view))


@condition
def payment_on_its_way(view: View) -> bool:
    """The latest one was made, to another bank."""
    found = _found(view)
    return bool(found) and found[0].state == "made" and found[0].outside


@value
def payment_states(view: View, forms: Forms) -> str:
    """The payments that fit, and what became of them, the latest first."""
    told = []
    for one in _found(view):
        to = forms.own.format(account=forms.kinds[one.to]) if one.to in forms.kinds else one.to
        form, amount = forms.payment_states[one.state], write_money(one.amount, forms)
        told.append(form.format(amount=amount, to=to, day=write_day(one.day, forms)))
    return write_list(told, forms.all_of)
