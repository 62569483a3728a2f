"""How what was said fits what is waited for."""

import pytest

from nlu.understanding import Entity, Expectation, ScoredIntent, Understanding
from server.call.fit import fit
from voice.turns import Fit

NUMBER = Expectation("customer_number", secret=True, digits=8)


def understood(text: str, intent: str = "inform", score: float = 0.9, digits: str = ""):
    found = (Entity("digits", digits, digits, 0, len(digits)),) if digits else ()
    return Understanding(text, (ScoredIntent(intent, score),), found, 0.9, True)


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("4021", Fit.PARTIAL), ("40217308", Fit.COMPLETE), ("402173084", Fit.OPEN)],
)
def test_digits_are_waited_for_until_there_are_enough(digits, expected):
    assert fit(understood(f"{digits}.", digits=digits), NUMBER) is expected


def test_a_clear_request_in_a_finished_sentence_is_a_whole():
    assert fit(understood("What's my balance?", "balance"), Expectation()) is Fit.WHOLE


def test_a_request_without_its_details_may_go_on():
    request = understood("I'd like to make a transfer.", "transfer")
    assert fit(request, Expectation(), wants_more=True) is Fit.LIKELY


def test_what_was_asked_for_is_a_whole_though_more_is_needed():
    payee = Understanding(
        "To Anna Keller.", (), (Entity("payee", "Anna Keller", "Anna Keller", 3, 14),), 0.9, True
    )
    assert fit(payee, Expectation("payee"), wants_more=True) is Fit.WHOLE
    assert fit(understood("No, stop.", "deny"), Expectation("yes_no")) is Fit.WHOLE
    assert fit(understood("Savings.", "x", 0.1), Expectation("choice", choices=("savings",))) is (
        Fit.WHOLE
    )


@pytest.mark.parametrize(
    ("text", "intent", "score"),
    [
        ("I'd like to send", "transfer", 0.9),
        ("What's my balance?", "balance", 0.4),
        ("From savings.", "inform", 0.9),
    ],
)
def test_what_may_go_on_is_open(text, intent, score):
    assert fit(understood(text, intent, score), Expectation()) is Fit.OPEN


def test_no_words_are_nothing():
    assert fit(None, Expectation()) is Fit.NOTHING
    assert fit(understood("  "), NUMBER) is Fit.NOTHING


def test_a_yes_may_go_on_with_a_but():
    assert fit(understood("Yes, please.", "affirm"), Expectation("yes_no")) is Fit.LIKELY
