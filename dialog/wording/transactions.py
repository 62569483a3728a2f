"""Transactions that were found, and what was spent."""

from dialog.bank.values import Found, Spending, Transaction
from dialog.view import View
from dialog.wording.forms import Forms, write_day, write_list, write_money
from dialog.wording.registry import value


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
def transactions(view: View, forms: Forms) -> str:
    """The latest transactions, the newest first."""
    return "; ".join(_transaction(t, forms) for t in _told(view))


@value
def transactions_count(view: View, forms: Forms) -> str:
    """How many there are."""
    return str(len(_told(view)))


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
