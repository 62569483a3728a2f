"""The forms that a language writes values in (replies/*/forms.yaml), and writing in them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from dialog.bank.values import Account, BillState, Card, PaymentState
from dialog.strict_yaml import Strict


class Forms(Strict):
    """How a language writes values; {names} as the fields say."""

    money: str
    account: str
    card: str
    day: str
    months: tuple[str, ...]
    kinds: dict[str, str]
    balance: str
    balance_held: str
    paid_out: str
    paid_in: str
    own: str
    the: str
    every: dict[str, str]
    card_limits: str
    limits: dict[str, str]
    loan_rate: str
    employments: dict[str, str]
    documents: dict[str, str]
    loan_reasons: dict[str, str]
    morning: str
    afternoon: str
    cases: dict[str, str]
    departments: dict[str, str]
    category: str
    categories: dict[str, str]
    span: str
    pending: str
    products: dict[str, str]
    product_at: str
    product_free: str
    product_notice: str
    product_locked: str
    product_fund: str
    reasons: dict[str, str]
    needs: dict[str, str]
    suitability: dict[str, str]
    attitudes: dict[str, str]
    profile_items: dict[str, str]
    years: str
    months_long: str
    untold: str
    bill: str
    bills: dict[str, str]
    bill_states: dict[BillState, str]
    payment_states: dict[PaymentState, str]
    all_of: str
    one_of: str
    near: dict[int, str]
    risks: dict[str, str]
    unusual: str
    summary: str
    identified: str
    distrusted: str
    stranger: str
    nothing: str
    mood: str
    moods: dict[str, str]


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
