"""Single days: "yesterday", "last Tuesday", "March 16th, 2026", "03/16", "in two days"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from nlu.entities.calendar import (
    add_months,
    make_date,
    nearest_month,
    nearest_year,
    read_day,
    read_month,
    read_year,
    shift,
)
from nlu.entities.cardinals import read_cardinal
from nlu.entities.phrase import Candidate, Phrase

FULL = 75
"""Rank of a day whose month is said."""
RELATIVE = 72
DAY_ONLY = 30
AWAITED = 70

NEAR_YEARS = 4
MISHEARD = 0.4
"""Confidence below which no dialog takes a value."""

_ISO = re.compile(r"\b([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\b")
_SLASHED = re.compile(
    r"(?<![0-9/.,$-])([0-9]{1,2})([/.-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2}))?(?![0-9/-]|\.[0-9])"
)


@dataclass(frozen=True, slots=True)
class DayRead:
    """A day that begins at a token: the value, the place after it, how sure and its rank."""

    value: date
    last: int
    confidence: float
    rank: int


def find_dates(phrase: Phrase) -> Iterator[Candidate]:
    """All single days."""
    yield from _figures(phrase)
    place, dated = 0, None
    while place < len(phrase.tokens):
        read = read_date(phrase, place)
        if read is None:
            place += 1
            continue
        if dated is not None and read.rank in (DAY_ONLY, AWAITED):
            read = replace(read, value=_following(dated, read.value.day))
        dated = read.value if read.rank == FULL else dated
        yield Candidate(
            phrase.entity("date", read.value, place, read.last, read.confidence), read.rank
        )
        place = read.last


def _following(dated: date, day: int) -> date:
    """The next such day of a month: "from April third to the seventeenth"."""
    months = (add_months(dated.replace(day=1), step) for step in range(3))
    days = (make_date(month.year, month.month, day) for month in months)
    return next((each for each in days if each and each >= dated), dated)


def read_date(phrase: Phrase, place: int) -> DayRead | None:
    """The day in words that begins at a token, or None."""
    return (
        _relative(phrase, place)
        or _month_first(phrase, place)
        or _day_first(phrase, place)
        or _counted(phrase, place)
        or _weekday(phrase, place)
        or _day_only(phrase, place)
    )


def _relative(phrase: Phrase, place: int) -> DayRead | None:
    words = phrase.locale.dates.relative
    length = phrase.says(place, words)
    if not length:
        return None
    said = " ".join(phrase.word(place + step) for step in range(length))
    day = phrase.context.today + timedelta(days=words[said])
    return DayRead(day, place + length, 1.0, RELATIVE)


def _month_first(phrase: Phrase, place: int) -> DayRead | None:
    """March 16th, 2026."""
    month = read_month(phrase, place, abbreviated=True)
    if month is None:
        return None
    at = month[1] + (phrase.word(month[1]) in phrase.locale.dates.the)
    day = read_day(phrase, at)
    return _dated(phrase, month[0], day[0], day[1]) if day else None


def _day_first(phrase: Phrase, place: int) -> DayRead | None:
    """The 16th of March 2026."""
    words = phrase.locale.dates
    day = read_day(phrase, place + (phrase.word(place) in words.the))
    if day is None:
        return None
    at = day[1] + (phrase.word(day[1]) in words.of)
    month = read_month(phrase, at, abbreviated=True)
    return _dated(phrase, month[0], day[0], month[1]) if month else None


def _dated(phrase: Phrase, month: int, day: int, at: int) -> DayRead | None:
    comma = phrase.word(at) in (",", ".", phrase.locale.dates.first_word) or phrase.word(at) == "of"
    year = read_year(phrase, at) or (read_year(phrase, at + 1) if comma else None)
    if year is not None:
        exact = make_date(year[0], month, day)
        return DayRead(exact, year[1], _plausible(phrase, exact), FULL) if exact else None
    near = nearest_year(phrase.context.today, month, day)
    return DayRead(near, at, 0.9, FULL) if near else None


def _plausible(phrase: Phrase, day: date) -> float:
    """Callers speak of days near today: a year far off was misheard, and is asked again."""
    return 1.0 if abs(day.year - phrase.context.today.year) <= NEAR_YEARS else MISHEARD


def _counted(phrase: Phrase, place: int) -> DayRead | None:
    """In two days, three weeks ago, a week from today."""
    words = phrase.locale.dates
    ahead = phrase.word(place) in words.ahead
    counted = read_count(phrase, place + ahead)
    if counted is None:
        return None
    count, unit, at = counted
    hence = phrase.says(at, words.hence)
    back = phrase.word(at) in words.ago
    if not ahead and not hence and not back:
        return None
    day = shift(phrase.context.today, unit, -count if back else count)
    return DayRead(day, at + hence + back, 1.0, RELATIVE)


def read_count(phrase: Phrase, place: int) -> tuple[int, str, int] | None:
    """ "two weeks", "a month": how many, of what, and the place after it."""
    words = phrase.locale.dates
    number = read_cardinal(phrase, place)
    if number is not None and 1 <= number.value <= 999 and number.value % 1 == 0:
        count, at = int(number.value), number.last
    elif phrase.word(place) in phrase.locale.numbers.articles:
        count, at = 1, place + 1
    else:
        return None
    unit = words.units.get(phrase.word(at))
    return None if unit is None else (count, unit, at + 1)


def _weekday(phrase: Phrase, place: int) -> DayRead | None:
    words, today = phrase.locale.dates, phrase.context.today
    before = phrase.word(place)
    leads = before in words.last | words.next | words.this
    weekday = words.weekdays.get(phrase.word(place + leads))
    if weekday is None:
        return None
    following = (weekday - today.weekday() - 1) % 7 + 1
    previous = -((today.weekday() - weekday - 1) % 7 + 1)
    last = place + leads + 1
    if leads and before in words.last:
        return DayRead(today + timedelta(days=previous), last, 1.0, RELATIVE)
    if leads and before in words.coming:
        return DayRead(today + timedelta(days=following), last, 0.9, RELATIVE)
    if leads and before in words.next:
        # The one of next week: callers who mean the coming one say "this" or "on".
        monday = today + timedelta(days=7 - today.weekday())
        return DayRead(monday + timedelta(days=weekday), last, 0.7, RELATIVE)
    if leads:
        days = (weekday - today.weekday()) % 7
        return DayRead(today + timedelta(days=days), last, 0.9, RELATIVE)
    past = any(token.text in words.past_words for token in phrase.tokens)
    days = previous if past else following
    return DayRead(today + timedelta(days=days), last, 0.8, RELATIVE)


def _day_only(phrase: Phrase, place: int) -> DayRead | None:
    """The 3rd."""
    words = phrase.locale.dates
    awaited = phrase.context.expectation.kind in ("date", "period")
    led = phrase.word(place) in words.the
    day = read_day(phrase, place + led)
    if day is None or not day[2]:
        return None
    figures = phrase.tokens[place + led].is_digits
    monthly = _of_each_month(phrase, day[1])
    if not monthly and phrase.word(day[1]) in words.not_dates:
        return None
    if not (led or figures or awaited):
        return None
    led_by = words.on | words.since | words.until | words.from_ | words.between
    if not (awaited or figures or monthly or phrase.word(place - 1) in led_by):
        return None
    near = _near(phrase, day[0])
    # "the 4th, 2026": a year after a bare day means that its month was not heard.
    year = read_year(phrase, day[1] + (phrase.word(day[1]) == ","))
    sure = 0.8 if year is None else MISHEARD
    return DayRead(near, day[1], sure, AWAITED if awaited else DAY_ONLY) if near else None


def _of_each_month(phrase: Phrase, place: int) -> bool:
    """ "The first of every month", "of the month"."""
    words = phrase.locale.dates
    if phrase.word(place) not in words.of:
        return False
    named = (
        phrase.word(place + 1) in words.the and words.units.get(phrase.word(place + 2)) == "month"
    )
    return named or phrase.says(place + 1, words.every["month"]) > 0


def _near(phrase: Phrase, day: int) -> date | None:
    """The nearest such day of a month; where something shall be done then, not one that is over."""
    today = phrase.context.today
    near = nearest_month(today, day)
    ahead = any(token.text in phrase.locale.dates.ahead_words for token in phrase.tokens)
    if near is None or near >= today or not ahead:
        return near
    return nearest_month(shift(today, "month", 1), day)


def _figures(phrase: Phrase) -> Iterator[Candidate]:
    for match in _ISO.finditer(phrase.text):
        year, month, day = (int(part) for part in match.groups())
        yield from _written(phrase, match, make_date(year, month, day), 1.0)
    for match in _SLASHED.finditer(phrase.text):
        if match[2] != "/" and not match[4] and phrase.context.expectation.kind != "date":
            continue
        first, second = int(match[1]), int(match[3])
        # Month first, as in the United States; 16/03 can only be the other way round.
        month, day = (first, second) if first <= 12 else (second, first)
        yield from _written(phrase, match, _with_year(phrase, month, day, match[4]), 0.95)


def _with_year(phrase: Phrase, month: int, day: int, year: str | None) -> date | None:
    if year is None:
        return nearest_year(phrase.context.today, month, day)
    return make_date(int(year) + (2000 if len(year) == 2 else 0), month, day)


def _written(
    phrase: Phrase, match: re.Match[str], day: date | None, confidence: float
) -> Iterator[Candidate]:
    if day is None:
        return
    inside = [
        place
        for place, token in enumerate(phrase.tokens)
        if token.start >= match.start() and token.end <= match.end()
    ]
    entity = phrase.entity("date", day, inside[0], inside[-1] + 1, confidence)
    yield Candidate(entity, FULL + 1)
