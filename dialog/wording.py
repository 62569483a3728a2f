"""How values are written in replies: "$1,234.56", "March 16", "checking account ending in 4217".

The forms are the language's (replies/*.yaml); the functions are not. Full account numbers, customer
numbers and PINs have no function here, so no reply can say them.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from dialog import options as choices
from dialog.bank.values import Account, Card, Case, Found, Receipt, Schedule, Spending, Transaction
from dialog.strict_yaml import Strict
from dialog.view import View


class Forms(Strict):
    """How a language writes values; {names} as the fields say."""

    money: str
    account: str
    card: str
    day: str
    months: tuple[str, ...]
    kinds: dict[str, str]
    balance: str
    paid_out: str
    paid_in: str
    own: str
    the: str
    every: dict[str, str]
    cases: dict[str, str]
    departments: dict[str, str]
    category: str
    categories: dict[str, str]
    span: str
    pending: str
    all_of: str
    one_of: str
    near: dict[int, str]


Wording = Callable[[View, Forms], str]
VALUES: dict[str, Wording] = {}


def value(function: Wording) -> Wording:
    """Give replies this value under the function's name."""
    VALUES[function.__name__] = function
    return function


def write_money(amount: Decimal, forms: Forms) -> str:
    """An amount with separators and two decimals."""
    return forms.money.format(amount=f"{amount:,.2f}")


def write_day(day: date, forms: Forms) -> str:
    """A day without its year."""
    return forms.day.format(month=forms.months[day.month - 1], day=day.day)


def write_account(account: Account, forms: Forms) -> str:
    """An account by kind and last four digits."""
    return forms.account.format(kind=forms.kinds[account.kind], last4=account.last4)


def write_card(card: Card, forms: Forms) -> str:
    """A card by kind and last four digits."""
    return forms.card.format(kind=forms.kinds[card.kind], last4=card.last4)


def write_list(items: Sequence[str], last: str) -> str:
    """Items with commas, and `last` ("{first} and {last}") before the last one."""
    if len(items) < 2:
        return "".join(items)
    return last.format(first=", ".join(items[:-1]), last=items[-1])


def _balance(account: Account, forms: Forms) -> str:
    return forms.balance.format(
        account=write_account(account, forms), amount=write_money(account.available, forms)
    )


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


def _transaction(transaction: Transaction, forms: Forms) -> str:
    form = forms.paid_in if transaction.amount > 0 else forms.paid_out
    return form.format(
        day=write_day(transaction.day, forms),
        description=transaction.description,
        amount=write_money(abs(transaction.amount), forms),
    )


def _told(view: View) -> tuple[Transaction, ...]:
    told = view.frame.outcome.get("transactions", ())
    return tuple(t for t in told if isinstance(t, Transaction)) if isinstance(told, tuple) else ()


@value
def first_name(view: View, forms: Forms) -> str:
    """Of the identified customer."""
    return view.state.first_name or ""


@value
def tries_left(view: View, forms: Forms) -> str:
    """How many logins are left."""
    return str(view.frame.outcome.get("tries_left", 0))


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
def found_count(view: View, forms: Forms) -> str:
    """How many transactions fit what was asked for."""
    found = view.frame.outcome.get("found")
    return str(found.count) if isinstance(found, Found) else "0"


@value
def span(view: View, forms: Forms) -> str:
    """The days that were asked about: a day, or the first and the last one."""
    asked = view.search()
    if asked.first is None or asked.last is None or asked.first == asked.last:
        return write_day(asked.first or view.today, forms)
    first, last = write_day(asked.first, forms), write_day(asked.last, forms)
    return forms.span.format(first=first, last=last)


@value
def spent(view: View, forms: Forms) -> str:
    """The sum that went out."""
    told = view.frame.outcome.get("spending")
    return write_money(told.total, forms) if isinstance(told, Spending) else ""


@value
def spent_on(view: View, forms: Forms) -> str:
    """What most of it went to."""
    told = view.frame.outcome.get("spending")
    most = told.most if isinstance(told, Spending) else ()
    items = [
        forms.category.format(amount=write_money(amount, forms), name=forms.categories[name])
        for name, amount in most
    ]
    return write_list(items, forms.all_of)


@value
def category(view: View, forms: Forms) -> str:
    """The category that was asked for."""
    named = view.search().category
    return forms.categories.get(named or "", "")


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
    return write_list(
        [_pending(one, view.today, forms) for one in view.known.schedules], forms.all_of
    )


@value
def pending_choice(view: View, forms: Forms) -> str:
    """The payments still to come, to choose one."""
    return write_list(
        [_pending(one, view.today, forms) for one in view.known.schedules], forms.one_of
    )


@value
def pending_count(view: View, forms: Forms) -> str:
    """How many payments are still to come."""
    return str(len(view.known.schedules))


def _case(view: View) -> Case | None:
    """The case that was just taken, or the customer's latest."""
    taken = view.frame.outcome.get("case")
    if isinstance(taken, Case):
        return taken
    return next(iter(view.known.cases), None)


@value
def new_payee(view: View, forms: Forms) -> str:
    """Who is to be added, as they will be on the list."""
    return str(view.frame.outcome.get("name", ""))


@value
def new_payee_account(view: View, forms: Forms) -> str:
    """The last four digits of the account of who is to be added, and no more."""
    account = view.frame.slots.get("account")
    return " ".join(str(account.value)[-4:]) if account else ""


@value
def reference(view: View, forms: Forms) -> str:
    """The case's reference, digit by digit."""
    case = _case(view)
    return " ".join(case.reference) if case else ""


@value
def case_kind(view: View, forms: Forms) -> str:
    """Complaint or suggestion."""
    case = _case(view)
    return forms.cases[case.kind] if case else ""


@value
def department(view: View, forms: Forms) -> str:
    """Who answers."""
    case = _case(view)
    return forms.departments.get(case.department, case.department) if case else ""


@value
def due(view: View, forms: Forms) -> str:
    """By when."""
    case = _case(view)
    return write_day(case.due_on, forms) if case else ""


@value
def case_answer(view: View, forms: Forms) -> str:
    """What was answered."""
    case = _case(view)
    return (case.answer or "") if case else ""


@value
def phone(view: View, forms: Forms) -> str:
    """The last two digits of the phone that a code was sent to."""
    return " ".join(str(view.frame.outcome.get("phone", "")))


@value
def sufficient(view: View, forms: Forms) -> str:
    """Another account that holds the amount."""
    found = choices.sufficient(view)
    return write_account(found, forms) if found else ""


@value
def day(view: View, forms: Forms) -> str:
    """The day that was named, as near as people say it."""
    filled = view.frame.slots.get("day")
    if filled is None or not isinstance(filled.value, date):
        return ""
    near = (filled.value - view.today).days
    return forms.near.get(near, write_day(filled.value, forms))


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
def balance(view: View, forms: Forms) -> str:
    """Of the accounts that were named."""
    return write_list([_balance(a, forms) for a in view.accounts("account")], forms.all_of)


@value
def balances(view: View, forms: Forms) -> str:
    """Of all accounts."""
    return write_list([_balance(a, forms) for a in view.known.accounts], forms.all_of)


@value
def account(view: View, forms: Forms) -> str:
    """The account whose transactions are told."""
    found = view.account("account")
    return write_account(found, forms) if found else ""


@value
def transactions(view: View, forms: Forms) -> str:
    """The latest transactions, the newest first."""
    return "; ".join(_transaction(t, forms) for t in _told(view))


@value
def transactions_count(view: View, forms: Forms) -> str:
    """How many there are."""
    return str(len(_told(view)))


@value
def payees(view: View, forms: Forms) -> str:
    """Whom the customer may pay by voice."""
    return write_list([p.name for p in view.known.payees], forms.one_of)


@value
def recipients(view: View, forms: Forms) -> str:
    """Whom the customer may pay, and the kinds of their own accounts."""
    kinds = [forms.own.format(account=forms.kinds[a.kind]) for a in view.known.accounts]
    return write_list([*(p.name for p in view.known.payees), *kinds], forms.one_of)


@value
def accounts(view: View, forms: Forms) -> str:
    """The kinds of the customer's accounts."""
    return write_list([forms.kinds[a.kind] for a in view.known.accounts], forms.one_of)


@value
def card(view: View, forms: Forms) -> str:
    """The chosen card."""
    found = view.card()
    return write_card(found, forms) if found else ""


@value
def cards(view: View, forms: Forms) -> str:
    """The cards that still work."""
    active = [c for c in view.known.cards if c.status == "active"]
    return write_list([forms.the.format(card=write_card(c, forms)) for c in active], forms.one_of)


@value
def choice(view: View, forms: Forms) -> str:
    """The requests that are offered."""
    return write_list([offered.label for offered in view.state.offered], forms.one_of)


@value
def options(view: View, forms: Forms) -> str:
    """The values that an ambiguous answer fits."""
    names = [name for names in view.frame.options.values() for name in names]
    return write_list([forms.kinds.get(name, name) for name in names], forms.one_of)
