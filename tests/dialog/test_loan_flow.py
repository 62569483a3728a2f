"""A loan asked about, applied for, and its outcome told with documents or reasons."""

import re

from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.conversation import Response

MARIA = ("40217308", "4821")


def code(bank: Bank) -> str:
    found = re.search(r"\b\d{6}\b", bank.letters()[-1]["body"])
    assert found is not None
    return found[0]


def asks(caller: Caller, amount: str, years: int, income: str, work: str = "employed") -> Response:
    caller.logs_in(*MARIA)
    what = (money(amount), entity("duration", str(12 * years)))
    caller.says(f"a loan of ${amount} over {12 * years} months", "loan_apply", *what)
    caller.says(work, "inform", entity("employment", work))
    return caller.says(f"${income} a month", "inform", money(income))


def test_a_stranger_hears_rates_and_the_instalment_to_the_cent(caller: Caller) -> None:
    said = " ".join(caller.says("what are the rates", "loan_rates").say)
    assert "7.9% up to 24 months" in said
    answer = caller.says("and for $10000", "loan_rates", money("10000"))
    assert answer.action == "ask_loan"
    said = " ".join(caller.says("three years", "inform", entity("duration", "36")).say)
    assert "$315.21 a month" in said
    assert "8.4% a year" in said


def test_a_loan_that_is_not_given_is_told_with_the_bounds(caller: Caller) -> None:
    caller.says("and for $50", "loan_rates", money("50"))
    said = " ".join(caller.says("three years", "inform", entity("duration", "36")).say)
    assert "$1,000.00" in said


def test_an_application_is_approved_with_its_documents(caller: Caller, bank: Bank) -> None:
    answer = asks(caller, "2000", 3, "3200")
    assert answer.action == "tell_assessment"
    assert answer.expectation.digits == 6
    answer = caller.keys(code(bank))
    assert answer.action == "confirm_loan"
    assert bank.office.waiting() == []
    answer = caller.says("yes", "affirm")
    assert answer.action == "loan_approved"
    assert "pay slips" in " ".join(answer.say)
    assert bank.office.waiting()[-1].workflow.startswith("loan_application:")


def test_an_application_is_declined_with_its_reason(caller: Caller, bank: Bank) -> None:
    answer = asks(caller, "20000", 1, "3000")
    assert "installment against your income" in " ".join(answer.say)
    caller.keys(code(bank))
    assert caller.says("yes", "affirm").action == "loan_declined"


def test_a_large_application_goes_to_a_person(caller: Caller, bank: Bank) -> None:
    asks(caller, "25000", 6, "20000")
    caller.keys(code(bank))
    assert caller.says("yes", "affirm").action == "loan_with_person"


def test_no_files_nothing(caller: Caller, bank: Bank) -> None:
    asks(caller, "2000", 3, "3200")
    caller.keys(code(bank))
    assert caller.says("no", "deny").action == "loan_dropped"
    assert bank.office.waiting() == []


def test_an_income_that_cannot_be_is_asked_again(caller: Caller) -> None:
    assert asks(caller, "2000", 3, "-5").action == "ask_loan"
