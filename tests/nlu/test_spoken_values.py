"""Written, spoken as the assistant's voice would, as the recogniser would have it, read back."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from nlu.entities.extract import extract
from nlu.locales.locale import load_locale
from nlu.understanding import Context, EntityValue, Expectation, Money
from voice.spoken_form import spoken_form

TODAY = date(2026, 3, 16)
LOCALE = load_locale("en")
COUNTS = [pytest.param(300, id="300"), pytest.param(10_000, id="10000", marks=pytest.mark.slow)]


def _read(text: str, kind: str, awaited: str = "open") -> list[EntityValue]:
    found = extract(text, Context(TODAY, expectation=Expectation(awaited)), LOCALE)
    return [entity.value for entity in found if entity.type == kind]


def _heard(words: str, draw: random.Random) -> str:
    """Words with the capitals, commas and full stops that a recogniser puts."""
    words = draw.choice([words, words.capitalize(), f"{words}.", f"Uh, {words}."])
    return words.replace("-", " ") if draw.random() < 0.5 else words


def _amount(draw: random.Random) -> Decimal:
    largest = draw.choice([1_000, 100_000, 10_000_000, 99_999_999])
    return Decimal(draw.randint(1, largest)) / 100


@pytest.mark.parametrize("count", COUNTS)
def test_amounts_come_back(count):
    draw = random.Random(1)
    for _ in range(count):
        amount = _amount(draw)
        said = _heard(spoken_form(f"transfer ${amount:,.2f} to savings"), draw)
        assert _read(said, "money") == [Money(amount)], said


@pytest.mark.parametrize("count", COUNTS)
def test_dates_come_back(count):
    draw = random.Random(2)
    for _ in range(count):
        day = TODAY + timedelta(days=draw.randint(-700, 700))
        form = draw.choice(["{0:%B} {0.day}, {0.year}", "{0:%Y-%m-%d}", "{0.day} {0:%B} {0.year}"])
        said = _heard(spoken_form(f"the payment on {form.format(day)}"), draw)
        assert _read(said, "date") == [day], said


@pytest.mark.parametrize("count", COUNTS)
def test_digit_strings_come_back(count):
    draw = random.Random(3)
    for _ in range(count):
        digits = "".join(draw.choices("0123456789", k=draw.randint(4, 12)))
        said = _heard(spoken_form(" ".join(digits)), draw)
        assert _read(said, "digits", "digits") == [digits], said


@pytest.mark.parametrize("count", COUNTS)
def test_percentages_come_back(count):
    draw = random.Random(4)
    for _ in range(count):
        percent = Decimal(draw.randint(1, 9999)) / 100
        said = _heard(spoken_form(f"a rate of {percent.normalize():f}%"), draw)
        assert _read(said, "percent") == [percent.normalize()], said
