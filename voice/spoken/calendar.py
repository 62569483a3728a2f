"""Dates, years and times of day to words."""

import re
from datetime import date

from voice.spoken.language import Language, any_of
from voice.spoken.numbers import cardinal, ordinal, year


def say_dates(text: str, language: Language) -> str:
    """2026-03-16, 3/16/2026, March 16, 2026, 16 March, Mar. 16-18, March 2026, in 2026."""
    text = re.sub(r"(?<=\d{4}-\d\d-\d\d)[T ](?=\d\d:\d\d)", ", ", text)
    text = re.sub(
        r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])",
        lambda m: _full(m[0], int(m[1]), int(m[2]), int(m[3]), language),
        text,
    )
    text = re.sub(
        r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)(?![\d/])",
        lambda m: _slashed(m, language),
        text,
    )
    text = _before_day(text, language)
    return _named(text, language)


def say_years(text: str, language: Language) -> str:
    """1999 and 2026 after "in" and the like, and 2024-2026."""
    words = any_of(language.dates.before_year)
    units = any_of([c.many for c in language.money.currencies] + [language.numbers.percent])
    one = r"((?:19|20)\d\d)"
    to = language.numbers.range
    spread = language.pattern("years", rf"(?<![\w.,-]){one}\s?-\s?{one}(?![\w-]|[.,]\d)")
    text = spread.sub(
        lambda m: f"{year(int(m[1]), language)} {to} {year(int(m[2]), language)}", text
    )
    single = language.pattern(
        "year", rf"\b({words}\s){one}(?![\w-]|[.,]\d|\s?{units}|\s?%)", re.IGNORECASE
    )
    return single.sub(lambda m: f"{m[1]}{year(int(m[2]), language)}", text)


def say_times(text: str, language: Language) -> str:
    """9:05 a.m., 9am, 17:30, 9:00-17:00, 9-11 a.m."""
    times = language.times
    marks = {mark.lower(): times.am for mark in times.am_marks}
    marks |= {mark.lower(): times.pm for mark in times.pm_marks}
    mark = any_of(marks)
    clock = r"(?:[01]?\d|2[0-3])(?::[0-5]\d)"
    any_time = rf"\d{{1,2}}(?::[0-5]\d)?\s?{mark}|{clock}"
    dash = language.pattern(
        "time range", rf"((?<![\d:-])(?:{any_time}|\d{{1,2}}))\s?-\s?(?={any_time})", re.IGNORECASE
    )
    text = dash.sub(lambda m: f"{m[1]} {language.numbers.range} ", text)
    marked = language.pattern(
        "marked time",
        rf"(?<![\d:])(\d{{1,2}})(?::([0-5]\d)(?::[0-5]\d)?)?\s?({mark})(?![\w])",
        re.IGNORECASE,
    )
    text = marked.sub(lambda m: _marked(m, marks[m[3].lower()], language), text)
    plain = language.pattern(
        "plain time", r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?![\d:])"
    )
    return plain.sub(lambda m: _plain_time(int(m[1]), int(m[2]), language), text)


def _full(written: str, y: int, m: int, d: int, language: Language) -> str:
    try:
        date(y, m, d)
    except ValueError:
        return written
    return language.dates.full.format(
        month=language.dates.months[m - 1], day=ordinal(d, language), year=year(y, language)
    )


def _slashed(m: re.Match[str], language: Language) -> str:
    first, second, y = int(m[1]), int(m[2]), int(m[3])
    month, day = (first, second) if language.dates.order == "mdy" else (second, first)
    return _full(m[0], y if y > 99 else 2000 + y, month, day, language)


def _before_day(text: str, language: Language) -> str:
    """3/16 without a year: a date after "on" and the like, and when it is no common fraction."""
    words = any_of(language.dates.before_date)

    def said(m: re.Match[str]) -> str:
        first, second = int(m[2]), int(m[3])
        month, day = (first, second) if language.dates.order == "mdy" else (second, first)
        fraction = not m[1] and f"{m[2]}/{m[3]}" in language.numbers.fractions
        if fraction or not 1 <= month <= 12 or not 1 <= day <= 31:
            return m[0]
        return (m[1] or "") + _short(month, ordinal(day, language), language)

    pattern = language.pattern(
        "day", rf"(\b{words}\s)?(?<![\d/.])(\d{{1,2}})/(\d{{1,2}})(?![\d/]|\.\d)", re.IGNORECASE
    )
    return pattern.sub(said, text)


def _named(text: str, language: Language) -> str:
    """Dates with the month's name, in either order."""
    names = {name: i for i, name in enumerate(language.dates.months, start=1)}
    numbers = names | language.dates.abbreviations
    month = rf"({any_of(numbers)})\b\.?"
    day = rf"(\d{{1,2}})(?:{any_of(language.numbers.ordinal_suffixes)})?(?![\w:%]|[.,]\d)"
    the_year = r"((?:19|20)\d\d)(?![\w-]|[.,]\d)"

    def first(m: re.Match[str]) -> str:
        return _day_month(m[0], numbers[m[1]], m[2], m[3], m[4], language)

    def second(m: re.Match[str]) -> str:
        return _day_month(m[0], numbers[m[2]], m[1], None, m[3], language)

    def only(m: re.Match[str]) -> str:
        return language.dates.month_year.format(
            month=language.dates.months[numbers[m[1]] - 1], year=year(int(m[2]), language)
        )

    text = language.pattern(
        "month day", rf"\b{month}\s(?:the\s)?{day}(?:\s?-\s?{day})?(?:,?\s{the_year})?"
    ).sub(first, text)
    text = language.pattern("day month", rf"\b{day}\s{month}(?:,?\s{the_year})?").sub(second, text)
    return language.pattern("month year", rf"\b{month},?\s{the_year}").sub(only, text)


def _day_month(
    written: str, m: int, day: str, last: str | None, y: str | None, language: Language
) -> str:
    if not all(1 <= int(d) <= 31 for d in (day, last or day)):
        return written
    said = ordinal(int(day), language)
    if last:
        said += f" {language.numbers.range} {ordinal(int(last), language)}"
    if not y:
        return _short(m, said, language)
    name = language.dates.months[m - 1]
    return language.dates.full.format(month=name, day=said, year=year(int(y), language))


def _short(month: int, day: str, language: Language) -> str:
    return language.dates.short.format(month=language.dates.months[month - 1], day=day)


def _marked(m: re.Match[str], half: str, language: Language) -> str:
    """A time with its half of the day; the mark's dot may end the sentence."""
    hour = int(m[1])
    if hour > 24:
        return m[0]
    said = f"{_clock(hour % 12 or 12, int(m[2] or 0), language)} {half}"
    after = m.string[m.end() :]
    calendar_names = any_of([*language.dates.weekdays, *language.dates.months])
    goes_on = re.match(rf"\s*(?:[a-z0-9,;:?!)-]|{calendar_names})", after)
    return said + ("." if m[3].endswith(".") and not goes_on else "")


def _plain_time(hour: int, minute: int, language: Language) -> str:
    """A time without a mark; from 13 on and at 0 it is clear which half of the day it is."""
    times = language.times
    said = _clock(hour % 12 or 12, minute, language)
    if hour == 0 or hour > 12:
        return f"{said} {times.am if hour == 0 else times.pm}"
    return said if minute else times.hour.format(hour=said)


def _clock(hour: int, minute: int, language: Language) -> str:
    said = cardinal(hour, language)
    if 0 < minute < 10:
        said += f" {language.times.oh}"
    return f"{said} {cardinal(minute, language)}" if minute else said
