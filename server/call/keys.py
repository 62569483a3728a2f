"""Keys that make one entry: digits pressed one after another."""

END_KEY = "#"
GAP = 2.5
"""Seconds without a key after which an entry is taken as finished."""


LONGEST = 32
"""Digits; what is pressed beyond them is dropped."""


class KeyEntry:
    """Collects the keys of one call; time is passed in, in seconds."""

    def __init__(self) -> None:
        self._digits = ""
        self._last = 0.0
        self._just_taken = False

    def press(self, digit: str, expected: int | None, at: float) -> str | None:
        """The finished entry, or None while more keys may come.

        Args:
            digit: "0" to "9", "*" or "#", which ends an entry.
            expected: How many digits are waited for, where that is known.
            at: When.
        """
        self._last = at
        if digit == END_KEY and self._just_taken:
            self._just_taken = False  # it ends an entry that was complete without it
            return None
        self._just_taken = False
        if digit != END_KEY and len(self._digits) < LONGEST:
            self._digits += digit
        if digit == END_KEY:
            return self._take()
        if len(self._digits) != expected:
            return None
        self._just_taken = True
        return self._take()

    @property
    def pending(self) -> bool:
        """Whether an entry has been begun."""
        return bool(self._digits)

    def overdue(self, at: float) -> str | None:
        """An entry that nobody ended, once no key has come for a while."""
        return self._take() if self._digits and at - self._last >= GAP else None

    def _take(self) -> str:
        digits, self._digits = self._digits, ""
        return digits
