"""Random amounts, dates and digit strings, each with the words that a caller says it in."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from stdnum import verhoeff

TODAY = date(2026, 3, 16)
"""The day that relative dates are counted from."""

ValueKind = Literal["amount", "date", "digits"]


def _words(text: str) -> list[str]:
    return text.split()


_UNITS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _words("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _words(
    "_ first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_MONTHS = _words(
    "_ January February March April May June July August September October November December"
)
_AMOUNT_PHRASES = ("{}.", "{}, please.", "Send {}.", "Make it {}.", "I'd like to send {}, please.")
_DATE_PHRASES = ("{}.", "On {}.", "{}, please.", "It's {}.", "Please do it on {}.")
_NUMBER_PHRASES = ("{}.", "My customer number is {}.", "It's {}.", "Yes, it's {}.")
_ENDING_PHRASES = ("{}.", "It ends in {}.", "The card ending in {}.", "The last four are {}.")


@dataclass(frozen=True, slots=True)
class SpokenValue:
    """One value and how it is said.

    Attributes:
        value: "1234.50" (dollars), "2026-04-03", or the digits with their leading zeros.
        text: The words.
    """

    kind: ValueKind
    value: str
    text: str


def spoken_values(kind: ValueKind, count: int, seed: int) -> list[SpokenValue]:
    """Different values of a kind, the same for the same seed."""
    source = random.Random(f"{kind} {seed}")  # noqa: S311
    found: dict[str, SpokenValue] = {}
    while len(found) < count:
        spoken = _MAKERS[kind](source)
        found.setdefault(spoken.value, spoken)
    return list(found.values())


def cardinal(number: int) -> str:
    """0 to 999,999 in words: "one thousand two hundred and five"."""
    if number < 20:
        return _UNITS[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return f"{_TENS[tens]} {_UNITS[rest]}" if rest else _TENS[tens]
    size, name, joint = (100, "hundred", " and ") if number < 1000 else (1000, "thousand", " ")
    whole, rest = divmod(number, size)
    joint = " and " if rest < 100 else joint
    return f"{cardinal(whole)} {name}" + (f"{joint}{cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """1 to 31 in words: "twenty first"."""
    if number <= 20:
        return _ORDINALS[number]
    tens, rest = divmod(number, 10)
    return f"{_TENS[tens]} {_ORDINALS[rest]}" if rest else "thirtieth"


def digit_words(digits: str, source: random.Random) -> str:
    """Digits one by one, in fours; sometimes "oh" for zero and "double five" for a pair."""
    zero = source.choice(("zero", "zero", "oh"))
    doubles = source.random() < 0.25
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    return ", ".join(" ".join(_group(group, zero, doubles)) for group in groups)


def _group(digits: str, zero: str, doubles: bool) -> list[str]:
    if not digits:
        return []
    word = zero if digits[0] == "0" else _UNITS[int(digits[0])]
    if doubles and digits[:2] == digits[0] * 2:
        return [f"double {word}", *_group(digits[2:], zero, doubles)]
    return [word, *_group(digits[1:], zero, doubles)]


def _amount(source: random.Random) -> SpokenValue:
    dollars = source.choice(
        (source.randint(1, 99), source.randint(100, 999), source.randint(1000, 9999))
    )
    cents = source.choice((0, 0, source.randint(1, 99)))
    value = Decimal(dollars) + Decimal(cents) / 100
    words = _in(_AMOUNT_PHRASES, _amount_words(dollars, cents, source), source)
    return SpokenValue("amount", f"{value:.2f}", words)


def _amount_words(dollars: int, cents: int, source: random.Random) -> str:
    whole = cardinal(dollars)
    if whole.startswith("one hundred") and source.random() < 0.5:
        whole = "a" + whole.removeprefix("one")
    if dollars % 100 == 0 and 1000 < dollars < 2000 and source.random() < 0.5:
        whole = f"{cardinal(dollars // 100)} hundred"
    dollar = "dollar" if dollars == 1 else "dollars"
    if not cents:
        return f"{whole} {dollar}"
    part = f"{cardinal(cents)} {'cent' if cents == 1 else 'cents'}"
    return f"{whole} {dollar} {source.choice(('and ', ''))}{part}"


def _date(source: random.Random) -> SpokenValue:
    if source.random() < 0.05:
        name, days = source.choice((("today", 0), ("tomorrow", 1), ("yesterday", -1)))
        return SpokenValue(
            "date", (TODAY + timedelta(days=days)).isoformat(), f"{name.capitalize()}."
        )
    dated = source.random() < 0.6
    ahead = source.randint(-400, 400) if dated else source.randint(5, 150)
    day = TODAY + timedelta(days=ahead)
    words = _in(_DATE_PHRASES, _date_words(day, dated, source), source)
    return SpokenValue("date", day.isoformat(), words)


def _date_words(day: date, dated: bool, source: random.Random) -> str:
    month, nth = _MONTHS[day.month], ordinal(day.day)
    words = source.choice((f"{month} the {nth}", f"{month} {nth}", f"the {nth} of {month}"))
    if not dated:
        return words
    year = source.choice((f"twenty {cardinal(day.year - 2000)}", cardinal(day.year)))
    return f"{words}, {year}"


def _digits(source: random.Random) -> SpokenValue:
    if source.random() < 0.5:
        base = f"{source.randint(0, 9_999_999):07d}"
        digits, phrases = base + str(verhoeff.calc_check_digit(base)), _NUMBER_PHRASES
    else:
        digits, phrases = (
            f"{source.randint(0, source.choice((99, 999, 9999))):04d}",
            _ENDING_PHRASES,
        )
    return SpokenValue("digits", digits, _in(phrases, digit_words(digits, source), source))


def _in(phrases: Sequence[str], words: str, source: random.Random) -> str:
    text = source.choice(phrases).format(words)
    return text[0].upper() + text[1:]


_MAKERS: dict[ValueKind, Callable[[random.Random], SpokenValue]] = {
    "amount": _amount,
    "date": _date,
    "digits": _digits,
}
