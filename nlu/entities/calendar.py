"""Days, months and years read from words, and the arithmetic between them."""

from datetime import date, timedelta

from nlu.entities.cardinals import read_cardinal
from nlu.entities.phrase import Phrase

Read = tuple[int, int]
"""A number and the place after it."""


def read_day(phrase: Phrase, place: int) -> tuple[int, int, bool] | None:
    """A day of the month: its number, the place after it and whether it is an ordinal."""
    words = phrase.locale.numbers
    if phrase.word(place) in words.ordinals:
        return words.ordinals[phrase.word(place)], place + 1, True
    compound = _compound_ordinal(phrase, place)
    if compound is not None:
        return compound
    number = read_cardinal(phrase, place)
    if number is None or number.grouped or not 1 <= number.value <= 31:
        return None
    if phrase.word(number.last) in words.ordinal_suffixes and phrase.touches(number.last):
        return int(number.value), number.last + 1, True
    return int(number.value), number.last, False


def _compound_ordinal(phrase: Phrase, place: int) -> tuple[int, int, bool] | None:
    """Twenty-third."""
    words = phrase.locale.numbers
    tens = words.tens.get(phrase.word(place))
    at = place + 1 + (phrase.word(place + 1) == "-")
    unit = words.ordinals.get(phrase.word(at))
    if tens is None or unit is None or not unit < 10 or tens + unit > 31:
        return None
    return tens + unit, at + 1, True


def read_year(phrase: Phrase, place: int) -> Read | None:
    """2026, "twenty twenty six", "two thousand and twenty six", and "2000 and 26", "20, 25"."""
    first = read_cardinal(phrase, place)
    if first is None or first.grouped:
        return None
    if 1900 <= first.value <= 2199:
        return _torn_year(phrase, int(first.value), first.last) or (int(first.value), first.last)
    if first.value not in (19, 20):
        return None
    at = first.last + (phrase.word(first.last) in ("-", ","))
    zero = phrase.word(at) in phrase.locale.numbers.zeros
    second = read_cardinal(phrase, at + zero)
    if second is None or not (1 if zero else 10) <= second.value <= (9 if zero else 99):
        return None
    return int(first.value * 100 + second.value), second.last


def _torn_year(phrase: Phrase, year: int, last: int) -> Read | None:
    """A year that the recogniser wrote as two numbers: "2000 and 26", "2020-25"."""
    joined = phrase.word(last) in phrase.locale.numbers.conjunctions
    if not joined and phrase.word(last) != "-":
        return None
    rest = read_cardinal(phrase, last + 1)
    if rest is None or rest.grouped or not 1 <= rest.value <= 99:
        return None
    if joined and year % 100 == 0:
        return year + int(rest.value), rest.last
    if not joined and year % 100 and year % 10 == 0 and 0 < rest.value - year % 100 < 10:
        return year - year % 100 + int(rest.value), rest.last
    return None


def read_month(phrase: Phrase, place: int, *, abbreviated: bool = False) -> Read | None:
    """A month's name; abbreviations count only where the caller asks for them."""
    words, word = phrase.locale.dates, phrase.word(place)
    stop = place + 1 + (abbreviated and phrase.word(place + 1) == ".")
    if word in words.months:
        return words.months[word], stop
    if abbreviated and word in words.month_abbreviations:
        return words.month_abbreviations[word], stop
    return None


def make_date(year: int, month: int, day: int) -> date | None:
    """A date, or None where the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest_year(today: date, month: int, day: int) -> date | None:
    """The day and month in the year that brings it nearest to today."""
    options = [make_date(today.year + step, month, day) for step in (-1, 0, 1)]
    known = [option for option in options if option is not None]
    return min(known, key=lambda option: abs((option - today).days), default=None)


def nearest_month(today: date, day: int) -> date | None:
    """The day of the month in the month that brings it nearest to today."""
    months = [add_months(today.replace(day=1), step) for step in (-1, 0, 1)]
    options = [make_date(month.year, month.month, day) for month in months]
    known = [option for option in options if option is not None]
    return min(known, key=lambda option: abs((option - today).days), default=None)


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the last of a month that is too short."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    return min(
        date(year, month + 1, 1) + timedelta(days=day.day - 1), end_of_month(year, month + 1)
    )


def end_of_month(year: int, month: int) -> date:
    """The last day of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def shift(day: date, unit: str, count: int) -> date:
    """A day moved by days, weeks, months or years."""
    if unit == "day":
        return day + timedelta(days=count)
    if unit == "week":
        return day + timedelta(weeks=count)
    return add_months(day, count if unit == "month" else 12 * count)
