"""A yes in the caller's own words, and what only holds one."""

from decimal import Decimal

import pytest
from calling import TODAY, Caller, entity, money

from dialog.bank.bank import Bank
from nlu.understanding import Entity


def checking(bank: Bank) -> Decimal:
    return next(a.balance for a in bank.facts(1).accounts if a.kind == "checking")


@pytest.fixture
def asked(caller: Caller) -> Caller:
    """Maria is asked whether to send fifty dollars to Tom."""
    caller.logs_in("40217308", "4821")
    fifty, tom = money("50.00", "fifty dollars"), entity("payee", "Tom Becker")
    assert caller.says("fifty dollars to Tom", "transfer", fifty, tom).action == "confirm_transfer"
    return caller


def test_a_yes_with_what_was_read_back_is_one(asked: Caller, bank: Bank) -> None:
    tom = entity("payee", "Tom Becker", role="to")
    said = "yes, send fifty dollars to Tom Becker"
    answer = asked.says(
        said, "transfer", money("50.00", "fifty dollars"), tom, others={"affirm": 0.3}
    )
    assert answer.action == "transfer_done"
    assert checking(bank) == Decimal("2400.75")


@pytest.mark.parametrize("said", ["send fifty dollars to Tom", "yes, but to Tom", "no yes to Tom"])
def test_without_a_plain_yes_it_is_asked_again(asked: Caller, bank: Bank, said: str) -> None:
    answer = asked.says(said, "transfer", entity("payee", "Tom Becker", role="to"))
    assert answer.action == "confirm_transfer"
    assert checking(bank) == Decimal("2450.75")


@pytest.mark.parametrize(("score", "against"), [(0.45, {}), (0.95, {"deny": 0.3})])
def test_a_yes_with_what_was_read_back_must_be_sure(
    asked: Caller, bank: Bank, score: float, against: dict[str, float]
) -> None:
    fifty = money("50.00", "fifty dollars")
    answer = asked.says("yes, fifty dollars", "affirm", fifty, score=score, others=against)
    assert (answer.action, checking(bank)) == ("confirm_transfer", Decimal("2450.75"))


def test_a_bare_yes_gains_nothing_from_what_stands_against_it(asked: Caller, bank: Bank) -> None:
    answer = asked.says("yes", "affirm", score=0.3, others={"correct": 0.3})
    assert (answer.action, checking(bank)) == ("confirm_transfer", Decimal("2450.75"))


def test_a_yes_with_another_value_is_read_back(asked: Caller, bank: Bank) -> None:
    answer = asked.says("yes, sixty dollars", "transfer", money("60.00", "sixty dollars"))
    assert (answer.action, checking(bank)) == ("confirm_transfer", Decimal("2450.75"))
    assert "$60.00" in answer.say[-1]


@pytest.mark.parametrize("other", [entity("digits", "60"), entity("date", TODAY)])
def test_a_yes_with_a_value_that_was_not_read_back_is_none(
    asked: Caller, bank: Bank, other: Entity
) -> None:
    answer = asked.says("yes, send 60", "transfer", other, others={"affirm": 0.3})
    assert answer.action != "transfer_done"
    assert checking(bank) == Decimal("2450.75")


def test_another_flows_deed_moves_no_money(asked: Caller, bank: Bank) -> None:
    assert asked.says("yes, block it", "affirm").action == "confirm_transfer"
    assert checking(bank) == Decimal("2450.75")


def test_a_yes_among_other_words_is_asked_again(asked: Caller, bank: Bank) -> None:
    answer = asked.says("sorry, I was reading something. yes, send it", "correct", score=0.4)
    assert (answer.action, checking(bank)) == ("confirm_transfer", Decimal("2450.75"))
    assert "$50.00" in answer.say[-1]


def test_a_value_that_is_wrong_is_asked_for(asked: Caller) -> None:
    answer = asked.says("the fifty dollars are wrong", "correct", money("50.00", "fifty dollars"))
    assert answer.action == "ask_amount"


def test_what_is_not_needed_any_more_is_dropped(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    assert caller.says("I lost my card", "lost_card").action == "ask_card"
    answer = caller.says("false alarm, it's in my pocket", "fraud_report", score=0.44)
    assert answer.action == "card_kept"
