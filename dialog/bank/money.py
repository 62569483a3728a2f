"""Exact amounts: Decimal major units outside, integer minor units in the ledger."""

from decimal import Decimal, InvalidOperation

from dialog.errors import AmountOverLimit, InvalidAmount, WrongCurrency

CENT = Decimal("0.01")
"""All currencies of this bank have two decimal places."""


def to_minor(amount: Decimal) -> int:
    """Major units to minor units: Decimal("12.50") is 1250.

    Raises:
        InvalidAmount: Not a finite Decimal of at most two places.
    """
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise InvalidAmount("the amount is not a number; give dollars and cents")
    try:
        if amount != amount.quantize(CENT):
            raise InvalidAmount("the amount has parts of a cent; give whole cents")
    except InvalidOperation:
        raise InvalidAmount("the amount has too many digits; give a smaller one") from None
    return int(amount.scaleb(2))


def to_major(minor: int) -> Decimal:
    """Minor units to major units, always with two places: 1250 is Decimal("12.50")."""
    return (Decimal(minor) * CENT).quantize(CENT)


def transfer_minor(amount: Decimal, limit: Decimal) -> int:
    """Minor units of an amount that may be transferred.

    Raises:
        InvalidAmount: Not a number, zero, negative, or with parts of a cent.
        AmountOverLimit: More than one transfer may move.
    """
    minor = to_minor(amount)
    if minor <= 0:
        raise InvalidAmount("the amount must be more than zero; give a positive one")
    if amount > limit:
        raise AmountOverLimit(f"one transfer may move at most {limit:.2f}; give a smaller amount")
    return minor


def require_currency(given: str, held: str) -> None:
    """Refuse an order in another currency than the account's.

    Raises:
        WrongCurrency: The two differ.
    """
    if given != held:
        raise WrongCurrency(f"the account is in {held}; give the amount in {held}")
