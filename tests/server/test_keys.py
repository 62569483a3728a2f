"""Keys that make one entry."""

from server.call.keys import GAP, KeyEntry


def press(keys: KeyEntry, digits: str, expected: int | None = None, at: float = 0.0) -> list[str]:
    entries = (keys.press(digit, expected, at) for digit in digits)
    return [entry for entry in entries if entry is not None]


def test_an_entry_ends_with_hash_when_its_length_is_unknown():
    assert press(KeyEntry(), "402#17#") == ["402", "17"]


def test_an_entry_of_known_length_needs_no_hash_and_swallows_one():
    keys = KeyEntry()
    assert press(keys, "4821#", expected=4) == ["4821"]
    assert press(keys, "40217308", expected=8) == ["40217308"]
    assert press(keys, "5#") == ["5"]


def test_a_lone_hash_is_an_empty_entry():
    assert press(KeyEntry(), "#") == [""]


def test_an_entry_that_nobody_ends_is_taken_after_a_while():
    keys = KeyEntry()
    press(keys, "42", at=1.0)
    assert keys.overdue(1.0 + GAP - 0.01) is None
    assert keys.overdue(1.0 + GAP) == "42"
    assert keys.overdue(100.0) is None
