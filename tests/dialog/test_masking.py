import re
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from num2words import num2words

from dialog.masking import mask, mask_for_later, mask_text
from dialog.script import script
from nlu.understanding import Entity, Expectation, Money, Understanding

LEXICON = script("en").lexicon
OPEN = Expectation()
PIN = Expectation("pin", secret=True, digits=4)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("my pin is 4821", "my pin is ••••"),
        ("it's 48 21", "it's •• ••"),
        ("it is 4-8-2-1.", "it is •-•-•-•."),
        ("four eight two one", "• • • •"),
        ("Four, eight, double two", "•, •, • •"),
        ("forty eight twenty one", "• • • •"),
        ("four thousand eight hundred", "• • • •"),
        (
            "my number is four oh two and one seven three and oh eight",
            "my number is • • • and • • • and • •",
        ),
        (
            "the code was four eight two, and then one nine six",
            "the code was • • •, and then • • •",
        ),
        ("my pin is 48, um, 21", "my pin is ••, um, ••"),
        ("four eight please two one", "• • please • •"),
        ("it's 48, like, 21", "it's ••, like, ••"),
        ("four nine, no, I mean four eight two one", "• •, no, I mean • • • •"),
        ("it's 4821 and fifty dollars", "it's •••• and fifty dollars"),
        ("fifty dollars and four eight and two one", "fifty dollars and • • and • •"),
        ("two to Anna and three to Tom and one", "two to Anna and three to Tom and one"),
        ("send 50 to Anna", "send 50 to Anna"),
        ("send $1,500.00 to Anna", "send $1,500.00 to Anna"),
        ("send 1500 dollars", "send 1500 dollars"),
        ("two cards and one account", "two cards and one account"),
    ],
)
def test_what_could_be_a_secret_is_masked(text: str, shown: str) -> None:
    assert mask_text(text, OPEN, LEXICON) == shown


NUMBERS = tuple(num2words(number).replace("-", " ") for number in range(10, 100))


@pytest.mark.parametrize(
    "sentence", ["{}", "it's {}", "my pin's {}", "{} is my pin", "I typed {} and it failed"]
)
def test_a_pin_told_in_two_numbers_is_masked_whole(sentence: str) -> None:
    for first, last in product(NUMBERS, NUMBERS):
        shown = mask_text(sentence.format(f"{first} {last}"), OPEN, LEXICON)
        assert [w for w in shown.split() if w != "•"] == sentence.format("").split(), (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "the pin is four please eight two one",
        "pin 48 then I think 21",
        "pin number one two, and it's three four",
        "my PIN is ten past four",
        "my pin's 10:30",
        "my pin is 11/12",
        "the code he wanted was four eight two, yeah, one nine six",
        "one thousand two hundred and thirty four is my pin",
        "twenty oh four",
        "twenty double four",
    ],
)
def test_where_a_secret_is_named_no_number_is_shown(text: str) -> None:
    time = re.search(r"ten past four|10:30|11/12", text)
    safe = (Entity("time", None, time[0], *time.span()),) if time else ()
    shown = mask_text(text, OPEN, LEXICON, safe)
    assert not set(re.findall(r"\w+", shown)) & set(LEXICON.digits)
    assert not re.search(r"\d", shown)


def test_an_order_that_waits_keeps_its_amount_and_its_day_and_no_digits() -> None:
    text = "1500 to Tom on April 6 without a code, 4821"
    kept = (
        Entity("money", Money(Decimal(1500)), "1500", 0, 4),
        Entity("date", date(2026, 4, 6), "April 6", 15, 22),
    )
    secret = Entity("digits", "4821", "4821", 39, 43)
    shown = mask_for_later(Understanding(text, (), (*kept, secret), 1.0, True), LEXICON)
    assert [entity.value for entity in shown.entities] == [kept[0].value, kept[1].value, "••••"]
    assert not re.search(r"\d", shown.text)


def test_a_price_beside_a_named_secret_is_shown() -> None:
    text = "I forgot my pin, and send fifty dollars to Anna"
    assert mask_text(text, OPEN, LEXICON) == text


@pytest.mark.parametrize("text", ["4", "four", "48 dollars", "$4821", "it's four and eight"])
def test_where_a_secret_was_asked_every_digit_is_masked(text: str) -> None:
    shown = mask_text(text, PIN, LEXICON)
    assert not any(c.isdigit() for c in shown)
    assert not {"four", "eight"} & set(shown.split())


def test_the_mask_does_not_tell_digits_by_their_length() -> None:
    assert mask_text("one six two nine", PIN, LEXICON) == mask_text(
        "three seven eight four", PIN, LEXICON
    )


def test_entities_are_masked_and_stay_in_place() -> None:
    text = "four eight two one please"
    digits = Entity("digits", "4821", "four eight two one", 0, 18)
    shown = mask(Understanding(text, (), (digits,), 1.0, True), OPEN, LEXICON)
    assert shown.text == "• • • • please"
    assert shown.entities[0].value == "••••"
    assert shown.text[shown.entities[0].start : shown.entities[0].end] == "• • • •"


def test_a_pin_misread_as_something_else_is_masked_too() -> None:
    amount = Entity("money", Money(Decimal(4821)), "4821", 3, 7)
    shown = mask(Understanding("is 4821", (), (amount,), 1.0, True), PIN, LEXICON)
    assert "4821" not in repr(shown)


def test_amounts_and_dates_stay_readable() -> None:
    day = Entity("date", date(2026, 3, 16), "March 16 2026", 3, 16)
    shown = mask(Understanding("on March 16 2026", (), (day,), 1.0, True), OPEN, LEXICON)
    assert shown.text == "on March 16 2026"
    asked = Expectation("money")
    amount = Entity("money", Money(Decimal(1500)), "1500", 0, 4)
    shown = mask(Understanding("1500", (), (amount,), 1.0, True), asked, LEXICON)
    assert shown.entities[0].value == Money(Decimal(1500))


@pytest.mark.parametrize("text", ["for ate to won", "for eight to one"])
def test_what_was_read_as_a_pin_is_masked_however_it_was_spelt(text: str) -> None:
    read = Understanding(text, (), (Entity("digits", "4821", text, 0, len(text)),), 0.9, True)
    shown = mask(read, PIN, LEXICON)
    assert shown.text == "• • • •"
    assert shown.entities[0].value == "••••"


def test_an_amount_with_a_joining_word_is_no_string_of_digits() -> None:
    text = "send one hundred and twenty to Anna"
    amount = Entity("money", Money(Decimal(120)), "one hundred and twenty", 5, 27)
    assert mask_text(text, OPEN, LEXICON, (amount,)) == text


def test_nothing_else_that_was_read_shows_a_secret() -> None:
    said = Understanding(
        "four eight two one",
        (),
        (),
        1.0,
        True,
        slots=(("code", "four eight two one"),),
        rivals=(("4821", 0.5),),
    )
    shown = repr(mask(said, PIN, LEXICON))
    assert "four eight" not in shown
    assert "4821" not in shown
