"""Checks that a digit string must pass before it is taken, by the name flows use."""

from collections.abc import Callable

from dialog.bank.bank import Bank
from dialog.bank.payees import is_routing_number

CHECKS: dict[str, Callable[[str], bool]] = {
    "customer_number": Bank.is_customer_number,
    "routing_number": is_routing_number,
}
