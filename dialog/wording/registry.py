"""The values that replies may name, by the name of the function that writes them."""

from collections.abc import Callable

from dialog.view import View
from dialog.wording.forms import Forms

Wording = Callable[[View, Forms], str]
VALUES: dict[str, Wording] = {}


def value(function: Wording) -> Wording:
    """Give replies this value under the function's name."""
    VALUES[function.__name__] = function
    return function
