"""Written text to words: by table, and read back by a small parser of its own."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.errors import VoiceError
from voice.spoken.language import load_language
from voice.spoken_form import sample_sentence, spoken_form

TABLE = {
    # money
    "$1,234.56": "one thousand two hundred thirty four dollars and fifty six cents",
    "$1": "one dollar",
    "$1.01": "one dollar and one cent",
    "$0.50": "fifty cents",
    "$.75": "seventy five cents",
    "$0.00": "zero dollars",
    "$1.5": "one dollar and fifty cents",
    "$12.345": "twelve point three four five dollars",
    "-$45.10": "minus forty five dollars and ten cents",
    "$-45.10": "minus forty five dollars and ten cents",
    "−$0.05": "minus five cents",
    "+$20": "plus twenty dollars",
    "USD 1,234.56": "one thousand two hundred thirty four dollars and fifty six cents",
    "20 USD": "twenty dollars",
    "US$45": "forty five dollars",
    "£1.01": "one pound and one penny",
    "€3.20": "three euros and twenty cents",
    "CAD 5": "five Canadian dollars",
    "50¢": "fifty cents",
    "$1.2 million": "one point two million dollars",
    "$5k": "five thousand dollars",
    "$20/month": "twenty dollars per month",
    "$5-$10": "five dollars to ten dollars",
    "$5–10": "five to ten dollars",
    "$12.50,$3": "twelve dollars and fifty cents, three dollars",
    # digits of accounts, cards, codes
    "ending in 4217": "ending in four two one seven",
    "ending in 42": "ending in four two",
    "ends in 0000": "ends in zero zero zero zero",
    "account 4021 7308": "account four zero two one, seven three zero eight",
    "customer number 40217308": "customer number four zero two one, seven three zero eight",
    "Account number: 0042": "Account number: zero zero four two",
    "card 4021-7308-1234-5678": "card four zero two one, seven three zero eight,"
    " one two three four, five six seven eight",
    "••••4217": "four two one seven",
    "****4217": "four two one seven",
    "checking (4217)": "checking, four two one seven",
    "Your code is 004519": "Your code is zero zero four, five one nine",
    "the PIN is 1234": "the PIN is one two three four",
    "#4217": "number four two one seven",
    "0123": "zero one two three",
    "4000123412340042": "four zero zero zero, one two three four, one two three four,"
    " zero zero four two",
    "Reference TX-4021-AB": "Reference T X four zero two one eh B",
    # phones
    "1-800-555-0199": "one, eight zero zero, five five five, zero one nine nine",
    "(555) 010-0199": "five five five, zero one zero, zero one nine nine",
    "555-0199": "five five five, zero one nine nine",
    "+1 555 010 0199": "plus one, five five five, zero one zero, zero one nine nine",
    # dates
    "2026-03-16": "March sixteenth, twenty twenty six",
    "03/16/2026": "March sixteenth, twenty twenty six",
    "3/16/26": "March sixteenth, twenty twenty six",
    "on 3/16": "on March sixteenth",
    "March 16": "March sixteenth",
    "March 16th, 2026": "March sixteenth, twenty twenty six",
    "Mar. 16": "March sixteenth",
    "Mar 16-18": "March sixteenth to eighteenth",
    "16 March 2026": "March sixteenth, twenty twenty six",
    "March 2026": "March twenty twenty six",
    "May 5": "May fifth",
    "in 1999": "in nineteen ninety nine",
    "since 2005": "since two thousand five",
    "2024-2026": "twenty twenty four to twenty twenty six",
    "2026-13-45": "two zero two six, one three, four five",
    "2026-03-16T17:05:00": "March sixteenth, twenty twenty six, five oh five PM",
    # times
    "9:05 a.m.": "nine oh five AM.",
    "at 9 a.m. Monday": "at nine AM Monday",
    "at 5 p.m. Please call": "at five PM. Please call",
    "9am-5pm": "nine AM to five PM",
    "17:30": "five thirty PM",
    "12:00": "twelve o'clock",
    "00:15": "twelve fifteen AM",
    "7:30": "seven thirty",
    # numbers
    "12": "twelve",
    "1,000,000": "one million",
    "1000": "one thousand",
    "3.14": "three point one four",
    "-5": "minus five",
    "3.5%": "three point five percent",
    "-0.25%": "minus zero point two five percent",
    "3-5%": "three to five percent",
    "5-10 days": "five to ten days",
    "1st, 22nd and 103rd": "first, twenty second and one hundred third",
    "1/2": "one half",
    "½": "one half",
    "No. 5": "number five",
    "24/7": "twenty four seven",
    "401(k)": "four oh one k",
    "2.0.1": "two dot zero dot one",
    "٣٤": "thirty four",
    # words and signs
    "Mr. Smith & Mrs. Jones": "Mister Smith and Missus Jones",
    "12 Main St., St. Louis": "twelve Main Street, Saint Louis",
    "Dr. Lee, 45 Oak Dr. Apt. 3": "Doctor Lee, forty five Oak Drive Apartment three",
    "3.5% APR": "three point five percent eh P R",
    "two IDs": "two I D's",
    "anna.keller42@bank.com": "anna dot keller four two at bank dot com",
    "Go to tellerline.com.": "Go to tellerline dot com.",
    "https://www.bank.com/help": "W W W dot bank dot com slash help",
    "O'Brien's “card”": "O'Brien's card",
    "He left — then came back…": "He left, then came back.",
    "one-time code": "one time code",
    "Is it $5?": "Is it five dollars?",
    # what cannot be said
    "": "",
    "...": "",
    "😀": "",
    "你好": "",
    "Hi 😀 你好!": "Hi!",
    "José": "José",
}


@pytest.mark.parametrize(("written", "spoken"), TABLE.items(), ids=repr)
def test_written_text_is_said(written: str, spoken: str) -> None:
    assert spoken_form(written) == spoken


def test_a_whole_reply() -> None:
    assert spoken_form(
        "I moved $200.00 from checking (4217) to savings (0042) on 3/16/2026 at 9:05 a.m."
        " Your new balance is $2,250.75. Anything else?"
    ) == (
        "I moved two hundred dollars from checking, four two one seven, to savings,"
        " zero zero four two, on March sixteenth, twenty twenty six at nine oh five AM."
        " Your new balance is two thousand two hundred fifty dollars and seventy five cents."
        " Anything else?"
    )


def test_an_unknown_language_is_refused_with_what_there_is() -> None:
    for code in ("xx", "../en", ""):
        with pytest.raises(VoiceError, match=r"no spoken form for language .*: there is en"):
            spoken_form("hello", code)


def test_a_language_file_with_a_mistake_is_named(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "qq.yaml").write_text("num2words: en\nsampel: hello\n", encoding="utf-8")
    monkeypatch.setattr("voice.spoken.language._FOLDER", tmp_path)
    with pytest.raises(VoiceError, match=r"qq\.yaml is not a language file.*(?s:.)*sample"):
        load_language("qq")


def test_the_sample_sentence_is_already_spoken() -> None:
    assert spoken_form(sample_sentence("en")) == sample_sentence("en")


# What follows reads words back without any of the package's own code.

ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
MONTHS = [date(2000, m, 1).strftime("%B") for m in range(1, 13)]


def read_number(words: list[str]) -> int:
    """The value of a cardinal; fails on anything that is not one."""
    total = part = 0
    for word in words:
        if word in ONES:
            part += ONES[word]
        elif word in TENS:
            part += TENS[word]
        elif word == "hundred":
            part *= 100
        else:
            total, part = total + part * {"thousand": 10**3, "million": 10**6}[word], 0
    return total + part


def read_money(said: str) -> Decimal:
    sign = -1 if said.startswith("minus ") else 1
    said = said.removeprefix("minus ")
    units = re.search(r"(.*?) dollars?\b", said)
    cents = re.search(r"(?:and )?([a-z ]+) cents?$", said.rpartition(" and ")[2])
    value = Decimal(read_number(units[1].split()) if units else 0)
    return sign * (value + Decimal(read_number(cents[1].split()) if cents else 0) / 100)


def read_digits(said: str) -> str:
    return "".join(str(ONES[word]) for word in said.replace(",", "").split())


def read_day(word: str) -> int:
    """An ordinal of one or two words, 1 to 31."""
    special = {
        "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
        "twentieth": 20, "thirtieth": 30,
    }  # fmt: skip
    *tens, last = word.split()
    return (TENS[tens[0]] if tens else 0) + special.get(last, ONES.get(last[:-2], 0))


def read_year(said: str) -> int:
    words = said.split()
    if "thousand" in words:
        return read_number(words)
    if words[-1] == "hundred":
        return read_number(words)
    rest = words[1:]
    if rest[0] == "oh":
        rest = rest[1:]
    return (ONES | TENS)[words[0]] * 100 + read_number(rest)


@given(st.decimals(-9_999_999, 9_999_999, places=2), st.booleans())
def test_any_amount_comes_back_from_its_words(amount: Decimal, commas: bool) -> None:
    written = f"{'-' if amount < 0 else ''}${abs(amount):{',' if commas else ''}.2f}"
    said = spoken_form(f"It is {written} now.")
    assert read_money(said.removeprefix("It is ").removesuffix(" now.")) == amount


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)), st.sampled_from(["iso", "us", "name"]))
def test_any_date_comes_back_from_its_words(day: date, style: str) -> None:
    written = {
        "iso": day.isoformat(),
        "us": f"{day.month}/{day.day}/{day.year}",
        "name": f"{day:%B} {day.day}, {day.year}",
    }[style]
    month, ordinal, year = re.fullmatch(
        r"(\w+) ([a-z ]+), ([a-z ]+)", spoken_form(written)
    ).groups()
    assert (read_year(year), MONTHS.index(month) + 1, read_day(ordinal)) == (
        day.year,
        day.month,
        day.day,
    )


@given(st.text("0123456789", min_size=3, max_size=19), st.sampled_from(["account", "ending in"]))
def test_any_digit_string_comes_back_from_its_words(run: str, before: str) -> None:
    said = spoken_form(f"Your {before} {run} is open.")
    assert read_digits(said.removeprefix(f"Your {before} ").removesuffix(" is open.")) == run


@given(st.integers(0, 23), st.integers(0, 59))
def test_no_two_times_of_day_are_said_alike(hour: int, minute: int) -> None:
    said = spoken_form(f"{hour % 12 or 12}:{minute:02} {'a.m.' if hour < 12 else 'p.m.'}")
    *clock, half = said.rstrip(".").split()
    minutes = read_number([w for w in clock[1:] if w != "oh"])
    assert (read_number(clock[:1]) % 12 + (12 if half == "PM" else 0), minutes) == (hour, minute)


@given(st.text(max_size=200) | st.text("0123456789.,-+$€%/:# ()xX*aAp\nm&@€½Ⅷ②", max_size=60))
def test_no_text_leaves_a_digit_or_a_sign(text: str) -> None:
    said = spoken_form(text)
    for c in said:
        assert c in " .,;:!?'" or unicodedata.name(c).startswith("LATIN"), (text, said)
    assert said == said.strip()
    assert said == "" or any(c.isalpha() for c in said)


def test_a_long_text_is_said_in_reasonable_time() -> None:
    import time

    begun = time.process_time()
    said = spoken_form("You paid $12.34 on 3/16/2026 for 7 items, and 100% is back. " * 80)
    assert said.count("twelve dollars and thirty four cents") == 80
    assert time.process_time() - begun < 3
    for odd in (
        "1" * 5000,
        "a" * 5000,
        "1-" * 2500,
        "$" * 5000,
        "(" * 5000,
        "1.2" * 2000,
        ". " * 3000,
    ):
        spoken_form(odd)
    assert time.process_time() - begun < 10
