from math import log

import pytest

from voice.readings import Candidate, distinct, read, repeats, together
from voice.transcript import Hypothesis


def reading(*candidates, ran_out=False):
    listed = [Candidate(text, log(mean), tokens) for text, mean, tokens in candidates]
    return read(listed, no_speech=0.1, ran_out=ran_out)


def test_readings_that_differ_only_in_case_and_final_stops_are_one():
    found = distinct([Hypothesis(" Pay $50.", 0.9, 0.6), Hypothesis("pay  $50", 0.8, 0.3)])
    assert found == (Hypothesis("Pay $50.", 0.9, pytest.approx(0.9)),)


def test_readings_whose_figures_are_set_otherwise_stay_two():
    assert len(distinct([Hypothesis("$75.3", 0.9, 0.6), Hypothesis("$75,3", 0.8, 0.3)])) == 2


def test_words_are_as_sure_as_their_tokens_and_share_the_whole():
    found = reading((" no", 0.4, 3), (" yes", 0.7, 3))
    assert [each.text for each in found.hypotheses] == ["yes", "no"]
    assert found.confidence == pytest.approx(0.7)
    assert sum(each.share for each in found.hypotheses) == pytest.approx(1.0)
    assert found.hypotheses[0].share == pytest.approx(0.7**3 / (0.7**3 + 0.4**3))


def test_a_reading_without_a_letter_is_none():
    silent = reading((" ... ", 0.9, 2), ("", 0.8, 1))
    assert silent.hypotheses == ()
    assert silent.confidence == 0.0


def test_a_second_opinion_counts_as_much_as_the_first():
    first = reading(("fifty dollars", 0.7, 3))
    both = together(first, reading(("fifteen dollars", 0.7, 3), ("Fifty dollars.", 0.5, 3)))
    assert [each.text for each in both.hypotheses] == ["fifty dollars", "fifteen dollars"]
    assert both.confidence == first.confidence
    assert both.hypotheses[0].share > 0.5
    assert sum(each.share for each in both.hypotheses) == pytest.approx(1.0)


def test_an_opinion_that_says_nothing_or_is_lost_changes_nothing():
    first = reading(("$50", 0.7, 3))
    silent, lost = reading(("", 0.9, 1)), reading(("fifty fifty fifty", 0.9, 3), ran_out=True)
    assert together(first, silent) == together(first, lost) == first
    assert together(silent, first) == together(lost, first) == first


def test_a_decoder_that_was_stopped_is_lost():
    assert reading(("five", 0.9, 3), ran_out=True).is_lost
    assert reading(("268-4161 268-4161", 0.9, 9)).is_lost
    assert not reading(("268-4161", 0.9, 9)).is_lost


def test_digits_may_be_said_several_times_in_a_row():
    words = {"three": "3", "nine": "9", "zero": "0", "eight": "8"}
    for text in ("eight three three", "nine nine nine zero zero zero"):
        assert repeats(text)
        assert not repeats(text, words)
    assert repeats("three nine zero three eight three nine zero three eight", words)


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
