"""Check digits that a digit string can be held against."""

from stdnum import verhoeff


def passes(name: str | None, digits: str) -> bool:
    """True where the digits pass the named check; no name passes everything.

    Args:
        name: "customer_number" (Verhoeff), or None.
        digits: ASCII digits, the check digit last.

    Raises:
        ValueError: There is no check of that name.
    """
    if name is None:
        return True
    if name == "customer_number":
        return bool(verhoeff.is_valid(digits))
    raise ValueError(f"no check is called {name!r}; known: customer_number")
