"""Stretches of days: "last month", "since Monday", "between March and May", "the last ten days"."""

from collections.abc import Iterator
from datetime import date, timedelta

from nlu.entities.calendar import (
    add_months,
    end_of_month,
    make_date,
    read_day,
    read_month,
    read_year,
)
from nlu.entities.dates import read_count, read_date
from nlu.entities.phrase import Candidate, Phrase
from nlu.understanding import Period

RANK = 80
MONTH = 60
"""Rank of a lone month: a day of it is more."""
_Read = tuple[Period, int, float]


def find_periods(phrase: Phrase) -> Iterator[Candidate]:
    """All periods."""
    place = 0
    while place < len(phrase.tokens):
        read = (
            _between(phrase, place)
            or _since(phrase, place)
            or _counted(phrase, place)
            or _unit(phrase, place)
        )
        rank = RANK if read else MONTH
        read = read or _month(phrase, place)
        if read is None:
            place += 1
            continue
        period, last, confidence = read
        yield Candidate(phrase.entity("period", period, place, last, confidence), rank)
        place = last


def _between(phrase: Phrase, place: int) -> _Read | None:
    words = phrase.locale.dates
    opens = phrase.word(place)
    if opens not in words.between | words.from_:
        return None
    first = _end(phrase, place + 1, last=False)
    if first is None:
        return None
    joint = words.and_ if opens in words.between else words.until
    if phrase.word(first[1]) not in joint:
        return None
    second = _end(phrase, first[1] + 1, last=True)
    if second is None:
        return None
    start, end = first[0], second[0]
    if read_date(phrase, place + 1) and not _names_month(phrase, place + 1, first[1]):
        # "from the first to the tenth of April": both are in April.
        start = make_date(end.year, end.month, start.day) or start
    if start > end:
        # "between November and February": the first lies in the year before.
        start = add_months(start, -12)
    return Period(start, end), second[1], 0.95


def _names_month(phrase: Phrase, first: int, last: int) -> bool:
    """Whether a day is said with its month, or in a way that needs none ("tomorrow")."""
    words = phrase.locale.dates
    said = {phrase.word(at) for at in range(first, last)}
    named = said & {*words.months, *words.month_abbreviations, *words.weekdays}
    return bool(named) or not any(read_day(phrase, at) for at in range(first, last))


def _end(phrase: Phrase, place: int, *, last: bool) -> tuple[date, int] | None:
    """One end of a period: a day, or the first or last day of a month."""
    read = read_date(phrase, place)
    if read is not None:
        return read.value, read.last
    month = read_month(phrase, place)
    if month is None:
        return None
    year = read_year(phrase, month[1])
    whole = _whole_month(phrase, month[0], year[0] if year else None)
    return (whole.last if last else whole.first), (year[1] if year else month[1])


def _since(phrase: Phrase, place: int) -> _Read | None:
    if phrase.word(place) not in phrase.locale.dates.since:
        return None
    end = _end(phrase, place + 1, last=False)
    if end is None:
        period = _unit(phrase, place + 1)
        end = None if period is None else (period[0].first, period[1])
    if end is None:
        return None
    start, today = end[0], phrase.context.today
    while start > today:
        start = start - timedelta(days=7) if (start - today).days <= 7 else add_months(start, -12)
    return Period(start, today), end[1], 0.9


def _counted(phrase: Phrase, place: int) -> _Read | None:
    """The past two weeks."""
    words = phrase.locale.dates
    if phrase.word(place) not in words.past:
        return None
    counted = read_count(phrase, place + 1)
    if counted is None:
        return None
    count, unit, last = counted
    today = phrase.context.today
    days = {"day": count, "week": 7 * count}.get(unit)
    if days is not None:
        return Period(today - timedelta(days=days - 1), today), last, 0.95
    months = count if unit == "month" else 12 * count
    return Period(add_months(today, -months) + timedelta(days=1), today), last, 0.95


def _unit(phrase: Phrase, place: int) -> _Read | None:
    """Last month, this week, next year, the past week."""
    words, today = phrase.locale.dates, phrase.context.today
    unit = words.units.get(phrase.word(place + 1))
    lead = phrase.word(place)
    step = next(
        (
            value
            for value, group in ((-1, words.last | words.past), (0, words.this), (1, words.next))
            if lead in group
        ),
        None,
    )
    if unit is None or unit == "day" or step is None:
        return None
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return Period(monday, monday + timedelta(days=6)), place + 2, 1.0
    if unit == "month":
        first = add_months(today.replace(day=1), step)
        return Period(first, end_of_month(first.year, first.month)), place + 2, 1.0
    year = today.year + step
    return Period(date(year, 1, 1), date(year, 12, 31)), place + 2, 1.0


def _month(phrase: Phrase, place: int) -> _Read | None:
    """In March, for February 2026; a bare "March" only where a period is awaited."""
    words = phrase.locale.dates
    month = read_month(phrase, place)
    expectation = phrase.context.expectation
    # "No, I need January", where a statement's month was read back.
    beside = expectation.kind == "yes_no" and "period" in expectation.beside
    awaited = expectation.kind == "period" or (beside and phrase.word(place) not in words.verbs)
    if month is None:
        return None
    year = read_year(phrase, month[1])
    alone = _is_alone(phrase, place, year[1] if year else month[1])
    if not (awaited or alone or phrase.word(place - 1) in words.within):
        return None
    return (
        _whole_month(phrase, month[0], year[0] if year else None),
        year[1] if year else month[1],
        1.0 if year else 0.9,
    )


def _is_alone(phrase: Phrase, first: int, last: int) -> bool:
    """Whether nothing but words of correction and courtesy stands beside it: "sorry, February"."""
    answers, rest = phrase.locale.answers, {phrase.word(at) for at in range(len(phrase.tokens))}
    rest -= {phrase.word(at) for at in range(first, last)} | {",", ".", "!", "?"}
    small = {each for each in (*answers.corrections, *answers.polite) if " " not in each}
    meant = any(set(each.split()) <= rest for each in answers.corrections if " " in each)
    small |= {word for each in answers.corrections for word in each.split()} if meant else set()
    return rest <= small | answers.fillers


def _whole_month(phrase: Phrase, month: int, year: int | None) -> Period:
    """Without a year: the latest such month that has begun."""
    today = phrase.context.today
    if year is None:
        year = today.year if month <= today.month else today.year - 1
    return Period(date(year, month, 1), end_of_month(year, month))
