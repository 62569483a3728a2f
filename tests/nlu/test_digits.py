from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words
from stdnum import verhoeff

from nlu.entities.extract import extract
from nlu.locales.locale import load_locale
from nlu.understanding import Context, Expectation

TODAY = date(2026, 3, 16)
LOCALE = load_locale("en")
STRINGS = st.text("0123456789", min_size=4, max_size=12)
NUMBER = Expectation("customer_number", digits=8, valid="customer_number")
PIN = Expectation("pin", secret=True, digits=4)


def read(text: str, expectation: Expectation) -> tuple[str, float] | None:
    found = extract(text, Context(TODAY, (), expectation), LOCALE)
    assert all(e.type == "digits" for e in found), found
    return (str(found[0].value), found[0].confidence) if found else None


def awaiting(digits: str) -> Expectation:
    return Expectation("digits", digits=len(digits))


@st.composite
def said(draw: st.DrawFn) -> tuple[str, str]:
    """Digits one by one with "oh", "double" and "triple" where a caller may use them."""
    digits, words, place = draw(STRINGS), [], 0
    while place < len(digits):
        run = 1
        while run < 3 and place + run < len(digits) and digits[place + run] == digits[place]:
            run += 1
        run = draw(st.integers(1, run))
        zero = draw(st.sampled_from(["zero", "oh"]))
        word = zero if digits[place] == "0" else num2words(int(digits[place]))
        words.append({1: "", 2: "double ", 3: "triple "}[run] + word)
        place += run
    return digits, draw(st.sampled_from([" ", ", "])).join(words)


@st.composite
def in_pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Digits two by two: "forty-two seventeen"."""
    pairs = draw(st.lists(st.integers(10, 99), min_size=2, max_size=6))
    hyphen = draw(st.sampled_from(["-", " "]))
    text = " ".join(num2words(pair).replace("-", hyphen) for pair in pairs)
    return "".join(str(pair) for pair in pairs), text


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """Digits as a recogniser cuts them: "4021-7308", "402, 17 308", "4 0 2 1"."""
    digits = draw(STRINGS)
    joint = draw(st.sampled_from(["", " ", "-", ", ", ". ", ","]))
    text, place = [], 0
    while place < len(digits):
        size = draw(st.integers(1, 4))
        text.append(digits[place : place + size])
        place += size
    return digits, joint.join(text)


@settings(max_examples=400, deadline=None)
@given(said())
def test_digits_said_one_by_one_come_back_exact(pair):
    digits, text = pair
    assert read(text, awaiting(digits))[0] == digits


@settings(max_examples=400, deadline=None)
@given(written(), st.sampled_from(["{}", "{}.", "It's {}.", "my number is {}, please"]))
def test_digits_as_whisper_writes_them_come_back_exact(pair, sentence):
    digits, text = pair
    assert read(sentence.format(text), awaiting(digits))[0] == digits


@settings(max_examples=300, deadline=None)
@given(in_pairs())
def test_digits_said_in_pairs_come_back_exact(pair):
    digits, text = pair
    assert read(text, awaiting(digits))[0] == digits


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789", min_size=7, max_size=7), st.data())
def test_a_check_digit_undoes_homophones(base, data):
    number = base + verhoeff.calc_check_digit(base)
    sounds = {"2": ["to", "too", "two"], "4": ["for", "four"], "8": ["ate", "eight"], "0": ["oh"]}
    words = [
        data.draw(st.sampled_from(sounds.get(digit, [num2words(int(digit))]))) for digit in number
    ]
    assert read(" ".join(words), NUMBER)[0] == number


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("4217", "4217"),
        ("4,217", "4217"),
        ("42-17", "4217"),
        ("forty two seventeen", "4217"),
        ("double five triple oh", "55000"),
        ("four two one, no, four two two", "422"),
        ("oh oh four two", "0042"),
        ("four thousand two hundred seventeen", "4217"),
        ("four to one seven", "4217"),
        ("o 4 7 2", "0472"),
    ],
)
def test_digits_where_they_are_awaited(text, digits):
    assert read(text, Expectation("digits"))[0] == digits


@pytest.mark.parametrize(
    "text",
    [
        "4 0 2 1 7 3 0 8",
        "My customer number is 402-173-08.",
        "four zero to one seven three oh eight",
        "40,217,308",
        "for 0217308",
        "it's 4021 and then 7308",
        "four oh two one, no wait, four oh two one seven three oh eight",
        "Four, zero, two, one, seven, three, zero, nine, no, eight",
        "forty twenty-one seventy-three oh ate",
    ],
)
def test_a_customer_number_however_it_is_said(text):
    assert read(text, NUMBER) == ("40217308", 1.0)


def test_a_customer_number_with_a_wrong_check_digit_is_not_sure():
    number, confidence = read("4 0 2 1 7 3 0 9", NUMBER)
    assert number == "40217309"
    assert confidence <= 0.5


def test_a_pin_keeps_its_leading_zero():
    assert read("oh four seven two", PIN) == ("0472", 1.0)


def test_too_few_digits_are_not_sure():
    assert read("four eight two", PIN)[1] < 0.5


def test_an_amount_in_open_talk_is_no_digit_string():
    found = extract("transfer two hundred dollars to savings", Context(TODAY), LOCALE)
    assert [e.type for e in found] == ["money", "account_kind"]


def test_a_number_that_is_introduced_is_a_digit_string_in_open_talk():
    found = extract("my customer number is four zero two one", Context(TODAY), LOCALE)
    assert [(e.type, e.value) for e in found] == [("digits", "4021")]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("The last four are oh three four four.", "0344"),
        ("the last 4 double zero three one", "0031"),
        ("it ends in 4 0 3 4, those are the last four", "4034"),
    ],
)
def test_a_count_of_digits_is_none_of_them(text, digits):
    assert read(text, awaiting(digits)) == (digits, 1.0)


def test_three_digits_after_the_last_four_are_not_made_four():
    assert read("The last four are 001.", awaiting("4001"))[0] == "001"
