"""How values are written in replies: "$1,234.56", "March 16", "checking account ending in 4217".

The forms are the language's (replies/*/forms.yaml); the functions are not. Full account numbers,
customer numbers and PINs have no function here, so no reply can say them.
"""

from dialog.wording import (
    accounts,  # noqa: F401  (they register themselves)
    cases,  # noqa: F401
    choices,  # noqa: F401
    people,  # noqa: F401
    planned,  # noqa: F401
    risk,  # noqa: F401
    transactions,  # noqa: F401
    transfers,  # noqa: F401
)
from dialog.wording.forms import Forms
from dialog.wording.registry import VALUES

__all__ = ["VALUES", "Forms"]
