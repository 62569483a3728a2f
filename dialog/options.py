"""What a caller may choose from, and what is taken where the choice is clear."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from dialog.bank.values import Account, Payee
from dialog.state import Filled
from dialog.view import View
from nlu.understanding import Period


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: its id, and the values that name it (kind, last digits)."""

    value: int | str
    keys: frozenset[str]


def own_accounts(view: View) -> tuple[Option, ...]:
    """The customer's accounts."""
    return tuple(Option(a.id, frozenset({a.kind, a.last4})) for a in view.known.accounts)


def active_cards(view: View) -> tuple[Option, ...]:
    """The customer's cards that still work."""
    cards = (card for card in view.known.cards if card.status == "active")
    return tuple(Option(card.id, frozenset({card.kind, card.last4})) for card in cards)


def pending_payments(view: View) -> tuple[Option, ...]:
    """The payments still to come."""
    return tuple(Option(one.id, frozenset({one.to})) for one in view.known.schedules)


def likely_source(view: View) -> Filled | None:
    """Where money to this recipient comes from if the caller did not say: it is read back.

    To a payee from the checking account; to an own account from the only other one.
    """
    recipient, accounts = view.recipient(), view.known.accounts
    if isinstance(recipient, Payee):
        fitting = [a for a in accounts if a.kind == "checking"]
    elif isinstance(recipient, Account):
        fitting = [a for a in accounts if a.id != recipient.id]
    else:
        fitting = []
    return Filled(fitting[0].id, GUESS) if len(fitting) == 1 else None


def sufficient(view: View) -> Account | None:
    """Another own account that holds the amount and is not the one to be paid."""
    source, recipient, amount = view.account("source"), view.recipient(), view.money().amount
    others = [a for a in view.known.accounts if a not in (source, recipient)]
    return next((a for a in others if a.available >= amount > 0), None)


def sufficient_source(view: View) -> Filled | None:
    """That account: the caller was asked about it."""
    account = sufficient(view)
    return Filled(account.id, "chosen") if account else None


def first_account(view: View) -> Filled | None:
    """The checking account, or the first one."""
    accounts = sorted(view.known.accounts, key=lambda a: a.kind != "checking")
    return Filled(accounts[0].id, GUESS) if accounts else None


def this_month(view: View) -> Filled | None:
    """From the first of the month to today, unless a day was named."""
    if "day" in view.frame.slots:
        return None
    return Filled(Period(view.today.replace(day=1), view.today), GUESS)


def last_month(view: View) -> Filled | None:
    """The month before this one, unless a day was named."""
    if "day" in view.frame.slots:
        return None
    last = view.today.replace(day=1) - timedelta(days=1)
    return Filled(Period(last.replace(day=1), last), GUESS)


GUESS = "guess"
"""The entity type of what nobody said; it is guessed anew whenever the caller changes something."""

OPTIONS: dict[str, Callable[[View], tuple[Option, ...]]] = {
    "own_accounts": own_accounts,
    "active_cards": active_cards,
    "pending_payments": pending_payments,
}
GUESSES: dict[str, Callable[[View], Filled | None]] = {
    "this_month": this_month,
    "last_month": last_month,
    "likely_source": likely_source,
    "first_account": first_account,
    "sufficient_source": sufficient_source,
}
