"""Check digits that a digit string can be held against."""

from stdnum import verhoeff
from stdnum.us import rtn

_CHECKS = {"customer_number": verhoeff.is_valid, "routing_number": rtn.is_valid}


def passes(name: str | None, digits: str) -> bool:
    """True where the digits pass the named check; no name passes everything.

    Args:
        name: "customer_number" (Verhoeff), "routing_number" (ABA), or None.
        digits: ASCII digits, the check digit last.

    Raises:
        ValueError: There is no check of that name.
    """
    if name is None:
        return True
    if name not in _CHECKS:
        raise ValueError(f"no check is called {name!r}; known: {', '.join(_CHECKS)}")
    return bool(_CHECKS[name](digits))
