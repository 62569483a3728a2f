"""Checks that a digit string must pass before it is taken, by the name flows use."""

from collections.abc import Callable

from dialog.bank.bank import Bank

CHECKS: dict[str, Callable[[str], bool]] = {"customer_number": Bank.is_customer_number}
