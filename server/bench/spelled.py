"""Spoken letters and digits as symbols, so that spelling is no word error.

"SEVENTY NINE FIFTY NINE", "79 59" and "7959" are the same four symbols; so are "P I T T S" and
"P-I-T-T-S". Other words are compared as they are.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

_UNIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_UNITS = {word: str(digit) for digit, word in enumerate(_UNIT_WORDS)} | {"oh": "0"}
_TEENS = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
_TENS = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}


def symbols(text: str) -> list[str]:
    """Letters and digits one by one, other words whole, in lower case."""
    words = re.sub(r"[^A-Za-z0-9' ]", " ", re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)).split()
    found: list[str] = []
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        found += _symbols_of(word, following.lower())
    return found


def digits(text: str) -> str:
    """Only the digits, as one string."""
    return "".join(symbol for symbol in symbols(text) if symbol.isdigit())


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions (Levenshtein) between two sequences."""
    row = list(range(len(heard) + 1))
    for count, expected in enumerate(reference, start=1):
        previous, row = row, [count]
        for column, symbol in enumerate(heard, start=1):
            substituted = previous[column - 1] + (expected != symbol)
            row.append(min(previous[column] + 1, row[-1] + 1, substituted))
    return row[-1]


def _symbols_of(word: str, following: str) -> list[str]:
    lower = word.lower()
    if lower in _TENS:
        return [_TENS[lower]] if _UNITS.get(following, "0") != "0" else [_TENS[lower], "0"]
    if lower in _TEENS:
        return list(_TEENS[lower])
    if lower in _UNITS:
        return [_UNITS[lower]]
    spelled = word.isupper() or any(character.isdigit() for character in word)
    return list(lower) if spelled else [lower]
