from math import exp, log

import pytest

from voice.readings import distinct, repeats


def test_readings_that_differ_only_in_spelling_are_one():
    found = distinct([" Pay $50.", "pay 50", "Pay 15."], [log(0.9), log(0.8), log(0.4)])
    assert [reading.text for reading in found] == ["Pay $50.", "Pay 15."]
    assert [reading.confidence for reading in found] == pytest.approx([0.9, 0.4])


def test_the_surest_reading_comes_first_whatever_the_order():
    found = distinct(["no", "yes"], [-1.0, -0.5])
    assert [reading.text for reading in found] == ["yes", "no"]
    assert found[0].confidence == pytest.approx(exp(-0.5))


def test_a_reading_without_a_letter_is_none():
    assert distinct([" ... ", "", "!"], [-0.1, -0.2, -0.3]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "268-4161 268-4161",
        "0.0.0.0.0.0.0.0.0.0.0",
        "transfer money to my transfer money to my",
        "thank you thank you thank you thank you",
        "06 07 06 06 07 06 06 07 06",
    ],
)
def test_a_decoder_that_has_lost_its_way_is_noticed(text):
    assert repeats(text)


@pytest.mark.parametrize(
    "text",
    [
        "40217308",
        "5 5 5 5",
        "One five two one three",
        "2020",
        "no no, send it to Anna Keller",
        "I'd like to send fifty dollars to Anna Keller, please.",
        "how much is on my account and how much on my savings account",
    ],
)
def test_what_people_say_is_no_repetition(text):
    assert not repeats(text)
