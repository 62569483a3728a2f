"""What is to be sent: amount, recipient, source and day."""

from datetime import date
from decimal import Decimal

from dialog import options as choices
from dialog.bank.values import Account, Receipt
from dialog.view import View
from dialog.wording.forms import (
    Forms,
    write_account,
    write_day,
    write_money,
)
from dialog.wording.registry import value


@value
def amount(view: View, forms: Forms) -> str:
    """What is to be sent."""
    return write_money(view.money().amount, forms)


@value
def recipient(view: View, forms: Forms) -> str:
    """Who gets it."""
    found = view.recipient()
    if isinstance(found, Account):
        return forms.own.format(account=write_account(found, forms))
    return found.name if found else ""


@value
def source(view: View, forms: Forms) -> str:
    """Where it comes from."""
    found = view.account("source")
    return write_account(found, forms) if found else ""


@value
def sufficient(view: View, forms: Forms) -> str:
    """Another account that holds the amount."""
    found = choices.sufficient(view)
    return write_account(found, forms) if found else ""


@value
def available(view: View, forms: Forms) -> str:
    """What can be taken from there."""
    found = view.account("source")
    return write_money(found.available if found else Decimal(0), forms)


@value
def balance_after(view: View, forms: Forms) -> str:
    """What is left there after the transfer."""
    receipt = view.frame.outcome.get("receipt")
    return write_money(receipt.balance_after, forms) if isinstance(receipt, Receipt) else ""


@value
def day(view: View, forms: Forms) -> str:
    """The day that was named, as near as people say it."""
    filled = view.frame.slots.get("day")
    if filled is None or not isinstance(filled.value, date):
        return ""
    near = (filled.value - view.today).days
    return forms.near.get(near, write_day(filled.value, forms))
