"""Loans: rates and instalments for everybody, applications for customers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dialog.actions import Arguments
from dialog.acts import Origin, Told
from dialog.bank.bank import Bank
from dialog.bank.loans.applicant import Request
from dialog.bank.loans.conditions import conditions
from dialog.bank.loans.population import EMPLOYMENTS
from dialog.bank.loans.schedule import schedule, total
from dialog.bank.loans.scorecard import Assessment
from dialog.bank.money import to_minor
from dialog.bank.orders import Terms
from dialog.conditions import condition
from dialog.decision import Act
from dialog.options import Option
from dialog.services.naming import act, option, order
from dialog.view import View
from dialog.wording.forms import Forms, write_list, write_money
from dialog.wording.registry import value

MOST_INCOME = Decimal(10**7)


@option
def employments(view: View) -> tuple[Option, ...]:
    """How people earn their living."""
    return tuple(Option(name, frozenset({name})) for name in EMPLOYMENTS)


@condition
def loan_amount_named(view: View) -> bool:
    """The caller named an amount."""
    return "amount" in view.frame.slots


@condition
def loan_is_given(view: View) -> bool:
    """The bank lends that much for that long."""
    money = view.money()
    cents = money.amount.normalize().as_tuple().exponent
    whole = isinstance(cents, int) and cents >= -2
    return whole and money.currency == "USD" and conditions().fits(money.amount, _months(view))


@condition
def income_is_possible(view: View) -> bool:
    """The income is zero or more, in dollars and cents."""
    money = view.money("income")
    cents = money.amount.normalize().as_tuple().exponent
    return isinstance(cents, int) and cents >= -2 and 0 <= money.amount < MOST_INCOME


def _judged(name: str, outcome: str) -> None:
    """Give flows a condition: the assessment that was just made has this outcome."""

    def holds(view: View) -> bool:
        found = view.frame.outcome.get("assessment")
        return isinstance(found, Assessment) and found.outcome == outcome

    _condition(name, holds, f"An application would be {outcome}.")


def _filed(name: str, outcome: str) -> None:
    """Give flows a condition: the application that was just filed has this outcome."""

    def holds(view: View) -> bool:
        return view.frame.outcome.get("outcome") == outcome

    _condition(name, holds, f"The application is {outcome}.")


def _condition(name: str, holds: Callable[[View], bool], meaning: str) -> None:
    holds.__name__, holds.__doc__ = name, meaning
    condition(holds)


for _name, _outcome in (("likely", "approved"), ("unlikely", "declined"), ("for_people", "person")):
    _judged(f"loan_{_name}", _outcome)
_filed("loan_was_approved", "approved")
_filed("loan_was_declined", "declined")
_filed("loan_is_with_person", "person")


def _months(view: View) -> int:
    return int(str(view.frame.slots["months"].value)[:6])


def _request(view: View) -> Request:
    employment = str(view.frame.slots["employment"].value)
    return Request(view.money().amount, _months(view), view.money("income").amount, employment)


def _assess(view: View) -> Arguments:
    return {"request": _request(view), "customer_id": view.known.customer_id}


def _do_assess(wanted: Act, bank: Bank, origin: Origin) -> Told:
    customer: Any = wanted.arguments["customer_id"]
    request: Any = wanted.arguments["request"]
    return "ok", {"assessment": bank.loans.assess(customer, request)}


def _terms(view: View) -> Terms:
    asked = _request(view)
    return {
        "amount_minor": to_minor(asked.amount),
        "months": asked.months,
        "income_minor": to_minor(asked.income),
        "employment": asked.employment,
    }


act("assess_loan", _assess, _do_assess)
order("loan", _terms)


@value
def loan_rates(view: View, forms: Forms) -> str:
    """All rates."""
    bands = conditions().rates
    told = [forms.loan_rate.format(rate=band.rate, months=band.months) for band in bands]
    return write_list(told, forms.all_of)


@value
def loan_months(view: View, forms: Forms) -> str:
    """How long the loan runs."""
    return str(_months(view))


@value
def loan_rate(view: View, forms: Forms) -> str:
    """Its yearly rate in percent."""
    return str(conditions().rate(_months(view)))


@value
def instalment(view: View, forms: Forms) -> str:
    """What is paid a month."""
    rows = schedule(view.money().amount, conditions().rate(_months(view)), _months(view))
    return write_money(rows[0].payment, forms)


@value
def loan_total(view: View, forms: Forms) -> str:
    """All that is paid back."""
    rows = schedule(view.money().amount, conditions().rate(_months(view)), _months(view))
    return write_money(total(rows), forms)


@value
def least_loan(view: View, forms: Forms) -> str:
    """The smallest loan."""
    return write_money(Decimal(conditions().amount.least), forms)


@value
def most_loan(view: View, forms: Forms) -> str:
    """The largest loan."""
    return write_money(Decimal(conditions().amount.most), forms)


@value
def loan_documents(view: View, forms: Forms) -> str:
    """What the applicant has to send."""
    employment = str(view.frame.slots["employment"].value)
    wanted = conditions().documents.get(employment, ())
    return write_list([forms.documents[name] for name in wanted], forms.all_of)


@value
def loan_reasons(view: View, forms: Forms) -> str:
    """What counts against the applicant most."""
    found = view.frame.outcome.get("assessment")
    reasons = found.reasons if isinstance(found, Assessment) else ()
    return write_list([forms.loan_reasons[name] for name in reasons], forms.all_of)
