"""Statements by e-mail: exact, once, and to the address on file only."""

from datetime import date

import pytest
from calling import Caller, entity
from sqlalchemy import text

from dialog.bank.bank import Bank
from dialog.errors import UnknownAccount
from nlu.understanding import Period

MARIA = ("40217308", "4821")
MARCH = entity("period", Period(date(2026, 3, 1), date(2026, 3, 10)))


def test_a_statement_goes_to_the_address_on_file(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    answer = caller.says("a statement for March", "statement", MARCH)
    assert answer.action == "confirm_statement"
    assert "March 1 to March 10" in answer.say[-1]
    assert bank.letters() == []
    assert caller.says("yes", "affirm").action == "statement_sent"
    (letter,) = bank.letters()
    assert (letter["channel"], letter["to"]) == ("email", "maria.lopez@example.com")
    body = letter["body"]
    assert "checking account ending in 5318, 2026-03-01 to 2026-03-10" in body
    assert "2026-03-05  Transfer to City Power  -86.40" in body
    assert "2026-03-10  Market Square Groceries  -74.18" in body
    assert "Transfer to Tom Becker" not in body


def test_its_lines_lead_from_one_balance_to_the_next(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    whole = entity("period", Period(date(2025, 1, 1), date(2026, 3, 16)))
    caller.says("all of it", "statement", whole)
    caller.says("yes", "affirm")
    lines = [line.split() for line in bank.letters()[0]["body"].splitlines() if "  " in line]
    balances = [float(line[-1].replace(",", "")) for line in lines]
    amounts = [float(line[-2].replace(",", "")) for line in lines]
    assert balances[-1] == 2450.75
    for before, amount, after in zip(balances, amounts[1:], balances[1:], strict=False):
        assert after == pytest.approx(before + amount)


def test_last_month_is_meant_where_nothing_is_said(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    assert "February 1 to February 28" in caller.says("statement", "statement").say[-1]


def test_a_no_sends_nothing_and_a_second_yes_sends_one(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    caller.says("statement", "statement")
    assert caller.says("no", "deny").action == "statement_dropped"
    assert bank.letters() == []
    caller.says("statement", "statement")
    for _ in range(3):
        caller.says("yes", "affirm")
    assert len(bank.letters()) == 1


def test_without_an_address_a_person_is_offered(caller: Caller, bank: Bank) -> None:
    bank._database.write(lambda s: s.execute(text("UPDATE customers SET email = NULL")))
    caller.logs_in(*MARIA)
    caller.says("statement", "statement")
    assert caller.says("yes", "affirm").action == "offer_person"


def test_nobody_gets_the_statement_of_somebody_else(bank: Bank) -> None:
    account = bank.facts(1).accounts[0].id
    with pytest.raises(UnknownAccount):
        bank.statements.order(
            account,
            date(2026, 3, 1),
            date(2026, 3, 16),
            customer_id=2,
            call_id="c",
            request_id="c:1",
        )
    assert bank.letters() == []
