"""Accounts, what is available in them, and what is booked where that is more."""

from dialog.bank.values import Account
from dialog.view import View
from dialog.wording.forms import Forms, write_account, write_list, write_money
from dialog.wording.registry import value


def _balance(account: Account, forms: Forms) -> str:
    form = forms.balance if account.available == account.balance else forms.balance_held
    return form.format(
        account=write_account(account, forms),
        amount=write_money(account.available, forms),
        booked=write_money(account.balance, forms),
    )


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
def accounts(view: View, forms: Forms) -> str:
    """The kinds of the customer's accounts."""
    return write_list([forms.kinds[a.kind] for a in view.known.accounts], forms.one_of)
