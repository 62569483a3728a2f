"""The bank's services beyond payments: what their flows look at, offer, order and say.

One module a service; importing it gives flows and replies its names.
"""

from dialog.services import (
    bills,  # noqa: F401
    call_back,  # noqa: F401
    cards,  # noqa: F401  (they register themselves)
    fraud,  # noqa: F401
    loans,  # noqa: F401
    needs,  # noqa: F401
    payments,  # noqa: F401
    products,  # noqa: F401
    profile,  # noqa: F401
    survey,  # noqa: F401
)
