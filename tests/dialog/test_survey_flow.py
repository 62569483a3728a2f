"""One question after the call: read for score and mood, reported by what was done."""

from datetime import UTC, datetime

import pytest
from calling import Caller

from dialog.bank.bank import Bank
from dialog.bank.surveys import analyse

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "score", "sentiment"),
    [
        ("five, that was quick and easy", 5, "good"),
        ("two, I had to repeat myself", 2, "bad"),
        ("it was not good at all", None, "bad"),
        ("not bad", None, "good"),
        ("three", 3, "neither"),
        ("one", 1, "bad"),
        ("hm", None, "neither"),
    ],
)
def test_an_answer_is_read(words: str, score: int | None, sentiment: str) -> None:
    found = analyse(words, NOW)
    assert (found.score, found.sentiment) == (score, sentiment)


def rates(caller: Caller, words: str) -> None:
    assert caller.says("I want to rate this call", "feedback").action == "ask_survey"
    assert caller.says(words, "inform").action == "survey_taken"


def test_a_bad_answer_is_reported_by_what_was_done_and_followed(caller: Caller, bank: Bank) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("my transactions", "transactions")
    rates(caller, "two, the card machine part was confusing")
    by_flow = {one.flow: one for one in bank.surveys.report()}
    assert by_flow["list_transactions"].mean == 2.0
    assert by_flow["list_transactions"].reasons[0].startswith("cards: two")
    assert bank.office.waiting()[-1].workflow.startswith("survey:")


def test_a_good_answer_is_nobodys_task(caller: Caller, bank: Bank) -> None:
    caller.logs_in("40217308", "4821")
    rates(caller, "five, great")
    assert bank.office.waiting() == []
    assert bank.surveys.report()[0].mean == 5.0
