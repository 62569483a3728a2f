from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from nlu.entities.extract import extract
from nlu.locales.locale import load_locale
from nlu.understanding import Context, Expectation, Period

TODAY = date(2026, 3, 16)
LOCALE = load_locale("en")
DAYS = st.dates(TODAY - timedelta(days=730), TODAY + timedelta(days=730))


def values(text: str, kind: str, awaited: str = "open") -> list[object]:
    context = Context(TODAY, expectation=Expectation(awaited))
    return [e.value for e in extract(text, context, LOCALE) if e.type == kind]


def suffixed(day: int) -> str:
    return num2words(day, to="ordinal_num")


FORMS = [
    lambda d: d.isoformat(),
    lambda d: d.strftime("%m/%d/%Y"),
    lambda d: f"{d.month}/{d.day}/{d:%y}",
    lambda d: f"{d:%B} {suffixed(d.day)}, {d.year}",
    lambda d: f"{d:%B} {d.day}, {d.year}",
    lambda d: f"the {suffixed(d.day)} of {d:%B} {d.year}",
    lambda d: f"{d.day} {d:%B} {d.year}",
    lambda d: f"{d:%b}. {d.day}, {d.year}",
    lambda d: f"{d:%B} {num2words(d.day)} {num2words(d.year, to='year')}",
    lambda d: f"the {num2words(d.day, to='ordinal')} of {d:%B} {num2words(d.year, to='year')}",
    lambda d: f"{d:%B} the {num2words(d.day, to='ordinal')} {num2words(d.year)}",
]


@settings(max_examples=800, deadline=None)
@given(DAYS, st.sampled_from(FORMS), st.booleans())
def test_a_full_date_comes_back_exact(day, form, lowered):
    text = form(day).lower() if lowered else form(day)
    assert values(f"what happened on {text}", "date") == [day]


@settings(max_examples=300, deadline=None)
@given(st.integers(-120, 120))
def test_a_date_without_its_year_is_the_nearest_one(days):
    day = TODAY + timedelta(days=days)
    assert values(f"on {day:%B} {suffixed(day.day)}", "date") == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("yesterday", "2026-03-15"),
        ("today", "2026-03-16"),
        ("tomorrow", "2026-03-17"),
        ("the day before yesterday", "2026-03-14"),
        ("last Tuesday", "2026-03-10"),
        ("last Monday", "2026-03-09"),
        ("this Friday", "2026-03-20"),
        ("this coming Friday", "2026-03-20"),
        ("coming Monday", "2026-03-23"),
        ("next Friday", "2026-03-27"),
        ("pay it on Friday", "2026-03-20"),
        ("what did I spend on Friday", "2026-03-13"),
        ("on the 3rd", "2026-03-03"),
        ("March 3rd", "2026-03-03"),
        ("on the third of March", "2026-03-03"),
        ("03/16", "2026-03-16"),
        ("16/03/2026", "2026-03-16"),
        ("2026-03-16", "2026-03-16"),
        ("in two days", "2026-03-18"),
        ("three weeks ago", "2026-02-23"),
        ("a month ago", "2026-02-16"),
        ("a week from today", "2026-03-23"),
        ("March 16th, 2026", "2026-03-16"),
        ("march sixteen twenty twenty six", "2026-03-16"),
        ("December 20th", "2025-12-20"),
    ],
)
def test_a_day_counts_from_today(text, day):
    assert values(text, "date") == [date.fromisoformat(day)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("last month", "2026-02-01", "2026-02-28"),
        ("this week", "2026-03-16", "2026-03-22"),
        ("last week", "2026-03-09", "2026-03-15"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("between January and March", "2026-01-01", "2026-03-31"),
        ("between March and May 2025", "2025-03-01", "2025-05-31"),
        ("from March 3rd to March 10th", "2026-03-03", "2026-03-10"),
        ("since Monday", "2026-03-09", "2026-03-16"),
        ("since the first of February", "2026-02-01", "2026-03-16"),
        ("the last ten days", "2026-03-07", "2026-03-16"),
        ("the past two weeks", "2026-03-03", "2026-03-16"),
        ("in February", "2026-02-01", "2026-02-28"),
        ("transactions in December 2025", "2025-12-01", "2025-12-31"),
    ],
)
def test_a_period_has_both_its_ends(text, first, last):
    assert values(text, "period") == [Period(date.fromisoformat(first), date.fromisoformat(last))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3:30 pm", time(15, 30)),
        ("at ten a.m.", time(10)),
        ("half past three in the afternoon", time(15, 30)),
        ("quarter to five", time(4, 45)),
        ("noon", time(12)),
        ("ten o'clock", time(10)),
        ("three thirty pm", time(15, 30)),
    ],
)
def test_a_time_of_day(text, value):
    assert values(text, "time") == [value]


def test_percentages_are_exact():
    assert values("is it 3.75%", "percent") == [Decimal("3.75")]
    assert values("two point five percent", "percent") == [Decimal("2.5")]


@pytest.mark.parametrize("text", ["I may go", "we march on", "the first one", "wait a second", ""])
def test_words_that_only_look_like_dates(text):
    assert values(text, "date") == values(text, "period") == []


def test_a_day_that_no_calendar_has_is_no_date():
    assert values("02/31/2026", "date") == []
    assert values("2026-13-40", "date") == []


@pytest.mark.parametrize(
    "text",
    [
        "March 4th, 2000 and 26",
        "March 4th, 2020-26",
        "March the 4th 2026",
        "March 4 two thousand six",
    ],
)
def test_a_year_that_the_recogniser_tore_in_two(text):
    year = 2006 if text.endswith("six") else 2026
    assert values(text, "date", "date") == [date(year, 3, 4)]


@pytest.mark.parametrize("text", ["March 4th, 2000", "the 4th, 2026", "obvious to the 4th, 2026"])
def test_a_date_that_was_half_heard_is_not_sure(text):
    context = Context(TODAY, expectation=Expectation("date"))
    (found,) = [e for e in extract(text, context, LOCALE) if e.type == "date"]
    assert found.confidence < 0.5


@pytest.mark.parametrize(
    ("text", "rhythm", "day"),
    [
        ("pay Tom ten dollars each Friday", "week", date(2026, 3, 20)),
        ("pay Tom ten dollars every single Friday", "week", date(2026, 3, 20)),
        ("ten dollars to Tom on the first of every month", "month", date(2026, 4, 1)),
        ("ten dollars to Tom on the 1st of each month", "month", date(2026, 4, 1)),
        ("pay Tom ten dollars every other Friday", "other", date(2026, 3, 20)),
    ],
)
def test_a_rhythm_that_names_its_day(text, rhythm, day):
    assert values(text, "recurrence") == [rhythm]
    assert values(text, "date") == [day]


@pytest.mark.parametrize("said", ["every two weeks", "fortnightly", "daily", "every quarter"])
def test_a_rhythm_that_is_neither_weekly_nor_monthly_is_not_taken_for_one(said):
    assert values(f"pay Tom ten dollars {said}", "recurrence") == ["other"]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("from the first to the tenth of April", date(2026, 4, 1), date(2026, 4, 10)),
        ("between the third and the ninth of March", date(2026, 3, 3), date(2026, 3, 9)),
        ("from tomorrow to the tenth of April", date(2026, 3, 17), date(2026, 4, 10)),
    ],
)
def test_a_day_without_a_month_takes_that_of_the_last(text, first, last):
    assert values(text, "period") == [Period(first, last)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("from April third, and back on the seventeenth", date(2026, 4, 17)),
        ("leaving on April 20th, back on the 2nd", date(2026, 5, 2)),
        ("back on the seventeenth", date(2026, 3, 17)),
    ],
)
def test_a_bare_day_follows_the_month_that_was_said(text, day):
    assert values(text, "date")[-1] == day


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("on Wednesday afternoon at three", time(15)),
        ("tomorrow morning at nine", time(9)),
        ("in the evening, at about... at six", time(18)),
    ],
)
def test_a_part_of_the_day_tells_the_hour(text, at):
    assert values(text, "time") == [at]


def test_an_hour_without_a_part_of_the_day_may_be_an_amount():
    assert values("I looked at three", "time") == []


@pytest.mark.parametrize(
    "text", ["sorry, February", "no, February please", "February", "I meant February"]
)
def test_a_month_alone_is_a_period(text):
    assert values(text, "period") == [Period(date(2026, 2, 1), date(2026, 2, 28))]
