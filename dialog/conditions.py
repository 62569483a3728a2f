"""Conditions that flows name with `when` and `unless`: pure functions of a view."""

from collections.abc import Callable
from decimal import Decimal

from dialog.bank.payees import is_account_number
from dialog.bank.values import Account, Case, Spending
from dialog.options import sufficient
from dialog.view import View

CONDITIONS: dict[str, Callable[[View], bool]] = {}


def condition(function: Callable[[View], bool]) -> Callable[[View], bool]:
    """Give flows this condition under the function's name."""
    CONDITIONS[function.__name__] = function
    return function


@condition
def authenticated(view: View) -> bool:
    """The caller is identified."""
    return view.state.customer_id is not None


@condition
def stranger(view: View) -> bool:
    """The caller is not identified."""
    return view.state.customer_id is None


@condition
def asked_for_alone(view: View) -> bool:
    """The flow was asked for by the caller; no other flow called it."""
    return not view.frame.called


@condition
def nothing_else(view: View) -> bool:
    """This flow is all that is under way, and nothing waits for its turn."""
    return len(view.state.stack) == 1 and not view.state.queue


@condition
def blocking_card(view: View) -> bool:
    """The caller is being identified so that a card can be blocked."""
    return len(view.state.stack) > 1 and view.state.stack[-2].flow == "block_card"


@condition
def has_accounts(view: View) -> bool:
    """The customer has an account of the kind that was named, or any if none was."""
    return bool(view.accounts("account"))


@condition
def account_named(view: View) -> bool:
    """The caller said which account."""
    return "account" in view.frame.slots


@condition
def account_unknown(view: View) -> bool:
    """The caller named an account that they do not have."""
    return "account" in view.frame.unmatched


@condition
def any_transactions(view: View) -> bool:
    """The bank told at least one transaction."""
    return bool(view.frame.outcome.get("transactions"))


@condition
def searching(view: View) -> bool:
    """Certain transactions are asked for, not just the latest."""
    named = {"payee", "amount", "period", "day", "direction", "category"}
    return bool(named & view.frame.slots.keys())


@condition
def spent_anything(view: View) -> bool:
    """The bank told some spending."""
    told = view.frame.outcome.get("spending")
    return isinstance(told, Spending) and told.total > 0


@condition
def category_named(view: View) -> bool:
    """One category of spending is asked for."""
    return "category" in view.frame.slots


@condition
def amount_is_positive(view: View) -> bool:
    """More than nothing is to be sent."""
    return view.money().amount > 0


@condition
def amount_is_in_dollars(view: View) -> bool:
    """The amount is in the currency that we send."""
    return view.money().currency == "USD"


@condition
def amount_is_in_cents(view: View) -> bool:
    """The amount has no part of a cent."""
    # Rounding would fail for an amount of more digits than a decimal context holds.
    exponent = view.money().amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -2


@condition
def amount_is_available(view: View) -> bool:
    """The account holds the amount, as far as we know now; the bank looks again at the end."""
    source = view.account("source")
    return source is not None and source.available >= view.money().amount > Decimal(0)


@condition
def funds_suffice(view: View) -> bool:
    """The account holds the amount, or it is for a later day, when it may."""
    return view.later_day() is not None or amount_is_available(view)


@condition
def for_later(view: View) -> bool:
    """The payment is for another day than today, or for more than one."""
    return view.later_day() is not None


@condition
def account_number_fits(view: View) -> bool:
    """What was told could be an account number."""
    return is_account_number(str(view.frame.slots["account"].value))


@condition
def account_numbers_agree(view: View) -> bool:
    """The account number was told the same twice."""
    return view.frame.slots["account"].value == view.frame.slots["again"].value


@condition
def any_case(view: View) -> bool:
    """The customer has complained or suggested something before."""
    return bool(view.known.cases)


@condition
def case_answered(view: View) -> bool:
    """The customer's latest case has an answer."""
    return any_case(view) and view.known.cases[0].answer is not None


@condition
def urgent_case(view: View) -> bool:
    """The case that was just taken goes before all others."""
    case = view.frame.outcome.get("case")
    return isinstance(case, Case) and case.urgent


@condition
def any_pending(view: View) -> bool:
    """There is a payment still to come."""
    return bool(view.known.schedules)


@condition
def sent_lately(view: View) -> bool:
    """The same was sent in another call a short while ago."""
    return bool(view.frame.outcome.get("sent_before"))


@condition
def another_account_suffices(view: View) -> bool:
    """Another account than the one that lacks the money holds the amount."""
    return sufficient(view) is not None


@condition
def day_is_past(view: View) -> bool:
    """The money should move on a day that has passed."""
    day = view.later_day()
    return day is not None and day < view.today


@condition
def rhythm_is_other(view: View) -> bool:
    """A payment shall be repeated in a rhythm that we do not have."""
    filled = view.frame.slots.get("every")
    return filled is not None and filled.value == "other"


@condition
def refused_before(view: View) -> bool:
    """The caller would not answer, more than once."""
    return view.frame.refused > 1


@condition
def same_account(view: View) -> bool:
    """The money would stay where it is."""
    recipient = view.recipient()
    return isinstance(recipient, Account) and recipient == view.account("source")


@condition
def has_active_card(view: View) -> bool:
    """There is a card that could be blocked."""
    return any(card.status == "active" for card in view.known.cards)
