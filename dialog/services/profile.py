"""The profile behind recommendations: shown, explained, corrected, forgotten."""

from decimal import Decimal
from typing import Any

from dialog.actions import Arguments
from dialog.acts import Origin, Told
from dialog.bank.bank import Bank
from dialog.bank.money import to_minor
from dialog.bank.orders import Terms
from dialog.bank.products.orders import COLUMNS
from dialog.bank.products.profile import ATTITUDES, FIGURES, LONGEST_GOAL, Profile
from dialog.conditions import condition
from dialog.decision import Act
from dialog.options import Option
from dialog.services.naming import act, guess, option, order
from dialog.state import Filled
from dialog.view import View
from dialog.wording.forms import Forms, write_list, write_money
from dialog.wording.registry import value

LONGEST = 600
"""Months; more is the same as "for ever"."""


def _profile(view: View) -> Profile | None:
    found = view.frame.outcome.get("profile")
    return found if isinstance(found, Profile) else None


@condition
def consented(view: View) -> bool:
    """The customer has agreed to recommendations."""
    found = _profile(view)
    return found is not None and found.consented


def _told(name: str, meaning: str) -> None:
    def holds(view: View) -> bool:
        found = _profile(view)
        return name in view.frame.slots or bool(found and getattr(found, name))

    holds.__name__, holds.__doc__ = f"{name}_told", meaning
    condition(holds)


_told("attitude", "The customer has said how much risk they like.")
_told("months", "The customer has said how long they can leave the money.")
_told("goal", "The customer has said what they save for.")


def _item(view: View) -> str:
    filled = view.frame.slots.get("item")
    return str(filled.value) if filled else ""


@condition
def item_is_attitude(view: View) -> bool:
    """How much risk they like is corrected."""
    return _item(view) == "attitude"


@condition
def item_is_months(view: View) -> bool:
    """How long they can leave the money is corrected."""
    return _item(view) == "months"


@condition
def item_is_goal(view: View) -> bool:
    """What they save for is corrected."""
    return _item(view) == "goal"


@condition
def item_is_figure(view: View) -> bool:
    """A figure that is read from the books is corrected."""
    return _item(view) in FIGURES


@condition
def item_is_consent(view: View) -> bool:
    """All of it shall be forgotten."""
    return _item(view) == "consent"


@option
def profile_items(view: View) -> tuple[Option, ...]:
    """What of a profile can be corrected, and all of it."""
    return tuple(Option(name, frozenset({name})) for name in (*COLUMNS, "consent"))


@guess
def item_told(view: View) -> Filled | None:
    """What is meant where the caller told the value itself."""
    found = next((name for name in ("attitude", "months") if name in view.frame.slots), None)
    return Filled(found, "profile_item") if found else None


def _value(view: View, item: str) -> int | str:
    if item in FIGURES:
        amount = view.money().amount
        whole = amount.is_finite() and abs(amount) < Decimal(10**9)
        return to_minor(amount.quantize(Decimal("0.01"))) if whole else -1
    told = view.frame.slots[item].value
    if item == "attitude":
        return ATTITUDES.index(str(told)) + 1
    return min(int(str(told)[:6]), LONGEST) if item == "months" else str(told)[:LONGEST_GOAL]


def _read(wanted: Act, bank: Bank, origin: Origin) -> Told:
    customer: Any = wanted.arguments["customer_id"]
    return "ok", {"profile": bank.advice.profile(customer)}


def _who(view: View) -> Arguments:
    return {"customer_id": view.known.customer_id}


def _correction(view: View) -> Terms:
    return {"item": _item(view), "value": _value(view, _item(view))}


def _withdrawal(view: View) -> Terms:
    return {"given": 0}


def _all_told(view: View) -> Arguments:
    """What was told in this flow, beside what is known."""
    told = [name for name in ("attitude", "months", "goal") if name in view.frame.slots]
    return {**_who(view), "told": {name: _value(view, name) for name in told}}


def _keep(wanted: Act, bank: Bank, origin: Origin) -> Told:
    """Each as an order of its own, so that all of it is audited and done once."""
    customer: Any = wanted.arguments["customer_id"]
    told: Any = wanted.arguments["told"]
    for item, said in told.items():
        order_id = f"{wanted.id}:{item}"
        who: Any = {"customer_id": customer, "call_id": origin.call_id}
        terms: Terms = {"item": item, "value": said}
        bank.orders.propose("profile", terms, proposal_id=order_id, **who)
        bank.orders.carry_out(order_id, **who)
    return "ok", {"profile": bank.advice.profile(customer)}


act("read_profile", _who, _read)
act("keep_told", _all_told, _keep, "unknown")
order("profile", _correction)
order("withdrawal", _withdrawal)


@value
def profile_attitude(view: View, forms: Forms) -> str:
    """How much risk the customer likes: as just told, else as known."""
    told, found = view.frame.slots.get("attitude"), _profile(view)
    if told:
        return forms.attitudes[str(told.value)]
    known = found.attitude if found else None
    return forms.attitudes[ATTITUDES[known - 1]] if known else forms.untold


@value
def profile_months(view: View, forms: Forms) -> str:
    """How long the customer can leave the money."""
    told, found = view.frame.slots.get("months"), _profile(view)
    months = _value(view, "months") if told else found.months if found else None
    if months is None:
        return forms.untold
    if int(months) % 12 == 0:
        return forms.years.format(years=int(months) // 12)
    return forms.months_long.format(months=months)


@value
def profile_goal(view: View, forms: Forms) -> str:
    """What the customer saves for, in their own words."""
    told, found = view.frame.slots.get("goal"), _profile(view)
    goal = str(told.value) if told else found.goal if found else ""
    return goal.strip(" .!?") or forms.untold


def _figure(view: View, forms: Forms, name: str) -> str:
    found = _profile(view)
    return write_money(getattr(found, name), forms) if found else ""


@value
def profile_income(view: View, forms: Forms) -> str:
    """What comes in a month."""
    return _figure(view, forms, "income")


@value
def profile_spending(view: View, forms: Forms) -> str:
    """What goes out a month."""
    return _figure(view, forms, "spending")


@value
def profile_saving(view: View, forms: Forms) -> str:
    """What is put aside a month."""
    return _figure(view, forms, "saving")


@value
def profile_corrected(view: View, forms: Forms) -> str:
    """The figures that are as the customer said."""
    found = _profile(view)
    told = found.corrected if found else ()
    return write_list([forms.profile_items[name] for name in told], forms.all_of)


@condition
def anything_corrected(view: View) -> bool:
    """A figure is as the customer said, and not as the books say."""
    found = _profile(view)
    return found is not None and bool(found.corrected)


@value
def profile_item(view: View, forms: Forms) -> str:
    """What is corrected."""
    return forms.profile_items.get(_item(view), "")


@value
def profile_items_choice(view: View, forms: Forms) -> str:
    """All that can be corrected."""
    return write_list([forms.profile_items[name] for name in (*COLUMNS, "consent")], forms.one_of)


@value
def profile_value(view: View, forms: Forms) -> str:
    """What it is corrected to."""
    item = _item(view)
    if item in FIGURES:
        return write_money(view.money().amount, forms)
    told = {"attitude": profile_attitude, "months": profile_months, "goal": profile_goal}
    return told[item](view, forms) if item in told else ""
