"""What a scenario may take from the bank's fixture: `${maria.number}`, `${maria.pin|spoken}`.

A customer goes by the first name in lower case. After the name comes `name`, `number`, `pin`,
`phone`, `email`, or an account or card by its kind and then `balance`, `number` or `last4`.
A scenario's own `let:` gives more names. `|spoken` says digits one by one, in groups.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from dialog.bank.demo import demo_customers
from dialog.bank.demo_people import DemoCustomer
from voice.spoken.language import load_language
from voice.spoken.numbers import grouped_digits

_PLACE = re.compile(r"\$\{([^}|]+)(?:\|(\w+))?\}")


class UnknownVariable(ValueError):
    """A name that neither the fixture nor the scenario knows."""


@cache
def fixture_values() -> dict[str, str]:
    """Every name of the demo bank's fixture, with its value."""
    return {
        f"{customer.name.split()[0].lower()}.{name}": value
        for customer in demo_customers()
        for name, value in _of(customer).items()
    }


def filled(tree: Any, values: Mapping[str, str]) -> Any:
    """A YAML tree with all its variables replaced, in keys of mappings too.

    Raises:
        UnknownVariable: Names it, and the nearest that there is.
    """
    if isinstance(tree, str):
        return _PLACE.sub(lambda match: _value(match, values), tree)
    if isinstance(tree, dict):
        return {filled(key, values): filled(value, values) for key, value in tree.items()}
    if isinstance(tree, list):
        return [filled(item, values) for item in tree]
    return tree


def spoken_digits(digits: str) -> str:
    """Digits one by one as a caller says them, with a pause between groups."""
    return grouped_digits(digits, load_language("en"))


def _of(customer: DemoCustomer) -> dict[str, str]:
    values = {
        "name": customer.name,
        "number": customer.number,
        "pin": customer.pin,
        "phone": customer.phone,
        "email": customer.email,
    }
    for account in customer.accounts:
        values[f"{account.kind}.balance"] = str(account.balance)
        values[f"{account.kind}.number"] = account.number
        values[f"{account.kind}.last4"] = account.number[-4:]
    return values | {f"{card.kind}.last4": card.last4 for card in customer.cards}


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    name, form = match[1].strip(), match[2]
    if name not in values:
        from rapidfuzz.process import extractOne

        near = extractOne(name, list(values))
        raise UnknownVariable(f"${{{name}}} is unknown; did you mean ${{{near[0]}}}?")
    if form is None:
        return values[name]
    if form != "spoken":
        raise UnknownVariable(f"${{{name}|{form}}}: the only form is spoken")
    return spoken_digits(values[name])
