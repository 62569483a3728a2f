"""Questions about what was paid, received and spent."""

from datetime import date
from decimal import Decimal

import pytest
from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.bank.values import TransferOrder
from nlu.understanding import Period

MARIA = ("40217308", "4821")
MARCH = entity("period", Period(date(2026, 3, 1), date(2026, 3, 16)))


@pytest.fixture
def maria(caller: Caller) -> Caller:
    caller.logs_in(*MARIA)
    return caller


def test_a_payment_to_somebody_is_found(maria: Caller) -> None:
    answer = maria.says("when did I pay Tom", "transactions", entity("payee", "Tom Becker"))
    assert answer.action == "tell_transactions"
    assert "March 12, Transfer to Tom Becker, $45.00 out" in answer.say[0]


def test_the_status_of_a_payment_is_told_as_soon_as_it_is_made(maria: Caller) -> None:
    maria.says("pay", "transfer", money("20"), entity("payee", "Anna Keller", role="to"))
    maria.says("yes", "affirm")
    answer = maria.says("did it go", "payment_status", entity("payee", "Anna Keller", role="to"))
    assert "$20.00 to Anna Keller was sent on March 16" in answer.say[0]


def test_by_amount_and_by_direction(maria: Caller) -> None:
    assert "Corner Coffee" in maria.says("what is 6.35", "transactions", money("6.35")).say[0]
    answer = maria.says("deposits", "transactions", entity("direction", "in"), MARCH)
    assert "Interest, $14.20 in" in answer.say[0]


@pytest.mark.parametrize("amount", ["123.45", "0.001", "99999999999999999999"])
def test_what_is_not_there_is_told(maria: Caller, amount: str) -> None:
    answer = maria.says("that one", "transactions", money(amount))
    assert answer.action == "tell_transactions"
    assert "no transaction" in answer.say[0] or "none like that" in answer.say[0]


def test_the_latest_are_still_told_when_nothing_else_is_named(maria: Caller) -> None:
    assert "the last 3" in maria.says("transactions", "transactions").say[0] or (
        "The latest" in maria.answers[-1].say[0]
    )


def test_spending_is_of_this_month_if_nothing_is_said(maria: Caller) -> None:
    answer = maria.says("what did I spend", "spending")
    assert answer.action == "tell_spending"
    assert "$1,585.92" in answer.say[0]
    assert "$1,350.00 for housing" in answer.say[0]
    assert "March 1 to March 16" in answer.say[0]


def test_spending_on_something(maria: Caller) -> None:
    answer = maria.says("groceries", "spending", entity("category", "groceries"))
    assert "$74.18 on groceries" in answer.say[0]
    answer = maria.says("travel", "spending", entity("category", "travel"))
    assert "nothing" in answer.say[0] or "no such spending" in answer.say[0]


def test_spending_on_a_day(maria: Caller) -> None:
    answer = maria.says("on Sunday", "spending", entity("date", date(2026, 3, 15)))
    assert "$23.99" in answer.say[0]


def test_nothing_of_it_is_told_before_login(caller: Caller) -> None:
    assert caller.says("what did I spend", "spending").action == "ask_customer_number"


def test_what_is_booked_is_told_where_less_of_it_is_available(caller: Caller, bank: Bank) -> None:
    """Priya's 9,500 wait for two colleagues: booked until they decide, and not to be spent."""
    who = {"customer_id": 3, "call_id": "earlier"}
    checking = next(a for a in bank.facts(3).accounts if a.kind == "checking")
    sofia = next(p for p in bank.facts(3).payees if p.name == "Sofia Rossi")
    order = TransferOrder(3, checking.id, Decimal(9500), "USD", to_payee_id=sofia.id)
    bank.propose_transfer(order, call_id="earlier", proposal_id="p1")
    bank.codes.send("p1", **who)
    bank.codes.check("p1", bank.letters()[-1]["body"].split()[2], **who)
    bank.hold_transfer("p1", **who)
    caller.logs_in("63900578", "9135")
    told = " ".join(caller.says("my balance", "balance").say)
    assert "$10,304.12 available of $19,804.12 booked" in told
    assert "$52,010.40 available" in told
    assert told.count("booked") == 1
