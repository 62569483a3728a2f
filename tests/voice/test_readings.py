from math import exp, log

import pytest

from voice.readings import Candidate, distinct, figures, read, repeats, second_opinion
from voice.transcript import Hypothesis


def reading(*candidates, digits=False, ran_out=False):
    listed = [Candidate(text, log(mean), tokens) for text, mean, tokens in candidates]
    return read(listed, digits=digits, no_speech=0.1, ran_out=ran_out)


def test_readings_that_differ_only_in_spelling_are_one():
    found = distinct([Hypothesis(" Pay $50.", 0.9), Hypothesis("pay 50", 0.8)])
    assert found == (Hypothesis("Pay $50.", 0.9),)


def test_words_are_as_sure_as_their_tokens():
    found = reading((" no", 0.4, 3), (" yes", 0.7, 3))
    assert [each.text for each in found.hypotheses] == ["yes", "no"]
    assert found.confidence == pytest.approx(0.7)
    assert found.figures == ""


def test_figures_are_less_sure_where_the_candidates_disagree_on_them():
    agreed = reading(("4 2 1 7", 0.8, 8), ("42 17", 0.79, 8), digits=True)
    split = reading(("4 2 1 7", 0.8, 8), ("4 2 1 1", 0.79, 8), digits=True)
    assert agreed.share == pytest.approx(1.0)
    assert agreed.confidence == pytest.approx(exp(0.5 * log(0.8)))
    assert split.confidence < 0.75 * agreed.confidence


def test_figures_that_are_more_probable_as_a_whole_come_first():
    looped = reading(("2 6 8 2 6 8 2 6 8", 0.76, 19), ("2 6 8", 0.72, 7), digits=True)
    assert looped.figures == "268"


def test_a_reading_without_a_letter_is_none():
    silent = reading((" ... ", 0.9, 2), ("", 0.8, 1))
    assert silent.hypotheses == ()
    assert silent.confidence == 0.0


def test_a_second_opinion_with_other_figures_halves_the_confidence():
    first = reading(("$500.79", 0.7, 6))
    same, other = reading(("500.79", 0.6, 6)), reading(("500 and 79 dollars", 0.6, 6))
    assert second_opinion(first, same).confidence == first.confidence
    assert second_opinion(first, other).confidence == pytest.approx(0.5 * first.confidence)
    assert [h.text for h in second_opinion(first, other).hypotheses] == [
        "$500.79",
        "500 and 79 dollars",
    ]


def test_a_second_opinion_without_words_changes_nothing():
    first = reading(("$50", 0.7, 3))
    assert second_opinion(first, reading(("", 0.9, 1))) == first


def test_a_decoder_that_was_stopped_is_lost():
    assert reading(("five", 0.9, 3), ran_out=True).is_lost
    assert reading(("268-4161 268-4161", 0.9, 9)).is_lost
    assert not reading(("268-4161", 0.9, 9)).is_lost


@pytest.mark.parametrize("text", ["4217", "4,217", "4 2 1 7", "4-2-1-7.", "four two one seven"])
def test_a_digit_string_is_the_same_however_it_is_set(text):
    assert figures(text, joined=True) == "4217"


def test_a_leading_oh_is_a_zero():
    assert figures("Oh, eight two 2", joined=True) == "0822"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$1,489.", "1489"), ("$500.79", "500.79"), ("500 and 79", "50079"), ("fifty", "")],
)
def test_amounts_keep_their_decimal_point(text, expected):
    assert figures(text, joined=False) == expected


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
