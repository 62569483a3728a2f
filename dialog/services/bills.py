"""Bills: which there are, and paying one of them."""

from dataclasses import replace
from typing import Any

from dialog.actions import ACTIONS, Arguments, confirmed_transfer, propose_transfer
from dialog.acts import ACTS
from dialog.bank.values import Bill, TransferOrder
from dialog.conditions import condition
from dialog.options import GUESS, Option
from dialog.services.naming import act, guess, option
from dialog.state import Filled
from dialog.view import View
from dialog.wording.forms import Forms, write_day, write_list, write_money
from dialog.wording.registry import value
from nlu.understanding import Money

SETTLED = "settled"


def _chosen(view: View) -> Bill | None:
    """The bill that was chosen, whatever became of it since."""
    filled = view.frame.slots.get("bill")
    return next((one for one in view.known.bills if filled and one.id == filled.value), None)


def _named(view: View) -> tuple[Bill, ...]:
    """The bills that fit what was said of them: their number, kind and biller."""
    bill, recipient = view.frame.slots.get("bill"), view.frame.slots.get("recipient")
    placed = bill is not None and bill.entity == "ordinal"
    return tuple(
        one
        for one in view.known.bills
        if (bill is None or placed or bill.value in (one.id, one.kind))
        and (recipient is None or recipient.value == one.biller)
    )


def _open(view: View) -> tuple[Bill, ...]:
    """The open bills that fit what was said, the amount too."""
    amount = view.frame.slots.get("amount")
    said = view.money() if amount else None
    return tuple(
        one
        for one in _named(view)
        if one.state == "open" and said in (None, Money(one.amount, one.currency))
    )


@option
def open_bills(view: View) -> tuple[Option, ...]:
    """The open bills that fit what was said of one."""
    return tuple(Option(one.id, frozenset({one.kind})) for one in _open(view))


@condition
def bill_fits(view: View) -> bool:
    """There is an open bill as the caller told it, to be paid once."""
    return bool(_open(view)) and view.every() == "once"


@condition
def only_payee_named(view: View) -> bool:
    """Somebody to be paid was named, and nothing that tells which bill: that may be any payment."""
    recipient = view.frame.slots.get("recipient")
    told = "bill" in view.frame.slots or "amount" in view.frame.slots
    return recipient is not None and recipient.entity != GUESS and not told


@condition
def bill_settled(view: View) -> bool:
    """What the caller told is a bill that a payment pays already, and no open one."""
    named = "bill" in view.frame.slots or "recipient" in view.frame.slots
    return named and "amount" not in view.frame.slots and bool(_named(view)) and not _open(view)


@condition
def bill_chosen(view: View) -> bool:
    """A bill was chosen."""
    return _chosen(view) is not None


@condition
def bill_kind_unknown(view: View) -> bool:
    """A kind of bill was named that nobody has sent."""
    return "bill" in view.frame.slots and not _named(view)


@condition
def nothing_open(view: View) -> bool:
    """A bill is to be paid of which nothing was said, and none is open."""
    named = view.frame.slots.keys() & {"bill", "recipient", "amount"}
    return not named and not _open(view)


@condition
def any_bill_told(view: View) -> bool:
    """There is an open bill, of the kind that was named if one was."""
    return bool(_open(view))


@guess
def biller(view: View) -> Filled | None:
    """Who sent the chosen bill."""
    bill = _chosen(view)
    return Filled(bill.biller, GUESS) if bill else None


@guess
def bill_amount(view: View) -> Filled | None:
    """What the chosen bill is about."""
    bill = _chosen(view)
    return Filled(Money(bill.amount, bill.currency), GUESS) if bill else None


@guess
def billed_by(view: View) -> Filled | None:
    """Who sent the chosen bill, for a payment of another amount."""
    bill = _chosen(view)
    return Filled(bill.biller, "payee") if bill else None


def _propose(view: View) -> Arguments:
    told: Any = propose_transfer(view)["order"]
    order: TransferOrder = told
    bill = _chosen(view)
    return {"order": replace(order, bill_id=bill.id if bill else 0)}


for _name, _gather, _payment in (
    ("propose_bill", _propose, "propose_transfer"),
    ("pay_bill", confirmed_transfer, "execute_transfer"),
    ("hold_bill", confirmed_transfer, "hold_transfer"),
    ("arrange_bill", confirmed_transfer, "arrange_payment"),
):
    _known = ACTIONS[_payment]
    act(_name, _gather, ACTS[_payment], *_known.results, SETTLED, effect=_known.effect)


def _write(bill: Bill, forms: Forms) -> str:
    return forms.bill.format(
        kind=forms.bills.get(bill.kind, bill.kind),
        biller=bill.biller,
        amount=write_money(bill.amount, forms),
        day=write_day(bill.due_on, forms),
    )


@value
def bill(view: View, forms: Forms) -> str:
    """The chosen bill: kind, biller, amount and day."""
    found = _chosen(view)
    return _write(found, forms) if found else ""


@value
def bill_reference(view: View, forms: Forms) -> str:
    """The last characters of the biller's reference."""
    found = _chosen(view)
    return " ".join(found.reference[-3:]) if found else ""


@value
def bills(view: View, forms: Forms) -> str:
    """The open bills, of the kind that was named if one was."""
    return write_list([_write(one, forms) for one in _open(view)], forms.all_of)


@value
def bill_choice(view: View, forms: Forms) -> str:
    """The open bills, to choose one."""
    return write_list([_write(one, forms) for one in _open(view)], forms.one_of)


@value
def bills_count(view: View, forms: Forms) -> str:
    """How many bills are told."""
    return str(len(_open(view)))


@value
def bill_kind(view: View, forms: Forms) -> str:
    """The kind of bill that was named."""
    named = view.frame.slots.get("bill")
    return forms.bills.get(str(named.value), "") if named else ""


@value
def bill_states(view: View, forms: Forms) -> str:
    """What became of the bills that were named and are not open."""
    told = [
        forms.bill_states[one.state].format(bill=_write(one, forms))
        for one in _named(view)
        if one.state != "open"
    ]
    return write_list(told, forms.all_of)
