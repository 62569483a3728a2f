"""A bill is paid by one payment, in whichever way; what became of payments; on both databases."""

import threading
from dataclasses import replace
from datetime import date

import pytest

from dialog.bank.risk import Rule
from dialog.bank.values import Search
from dialog.errors import BankError, BillSettled, ProposalSpent, UnknownAccount

LATER = date(2026, 3, 20)


@pytest.fixture
def bill(bank, maria):
    return bank.facts(maria.id).bills[0]


@pytest.fixture
def order(maria, bill):
    return replace(maria.order(str(bill.amount), to="City Power"), bill_id=bill.id)


@pytest.fixture
def who(maria):
    return {"customer_id": maria.id, "call_id": "c1"}


def state(bank, maria):
    return bank.facts(maria.id).bills[0].state


def status(bank, maria, **search):
    return [one.state for one in bank.payments.status(maria.id, Search(**search))]


def propose(bank, order, *ids):
    for proposal in ids:
        bank.propose_transfer(order, call_id="c1", proposal_id=proposal)


def test_two_payments_of_a_bill_at_once_pay_it_once(bank, maria, order, who):
    propose(bank, order, *(f"p{n}" for n in range(4)))
    told = []

    def pay(proposal):
        try:
            told.append(bank.execute_transfer(proposal, **who).proposal_id)
        except BankError as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=pay, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[:3] == ["BillSettled"] * 3
    assert len(bank.books()["transfers"]) == 1
    assert state(bank, maria) == "paid"
    assert bank.execute_transfer(sorted(told)[3], **who).repeated
    bank.check()


def test_a_bill_is_paid_with_its_own_amount_to_its_own_biller(bank, maria, order):
    for wrong in (
        replace(order, amount=order.amount + 1),
        replace(order, to_payee_id=maria.payees["Anna Keller"]),
        replace(order, to_payee_id=None, to_account_id=maria.savings),
        replace(order, bill_id=10**6),
        replace(order, first_on=LATER, every="month"),
    ):
        with pytest.raises(UnknownAccount):
            propose(bank, wrong, "p1")


def test_nobody_pays_the_bill_of_somebody_else(bank, james, order):
    theirs = replace(order, customer_id=james.id, from_account_id=james.checking)
    with pytest.raises(UnknownAccount):
        propose(bank, theirs, "p1")


def test_a_planned_payment_keeps_a_bill_until_it_is_cancelled(bank, maria, order, who):
    propose(bank, replace(order, first_on=LATER), "p1")
    propose(bank, order, "p2")
    bank.schedules.arrange("p1", **who)
    assert (state(bank, maria), status(bank, maria)) == ("planned", ["planned"])
    with pytest.raises(BillSettled):
        bank.execute_transfer("p2", **who)
    bank.schedules.cancel("p1", **who)
    assert (state(bank, maria), status(bank, maria)) == ("open", ["cancelled"])
    bank.execute_transfer("p2", **who)
    assert state(bank, maria) == "paid"


def test_a_planned_payment_pays_its_bill_on_its_day(bank, maria, order, who, clock):
    propose(bank, replace(order, first_on=LATER), "p1")
    bank.schedules.arrange("p1", **who)
    clock.pass_time(days=4)
    assert bank.schedules.run_due().paid == 1
    assert (state(bank, maria), status(bank, maria)) == ("paid", ["made"])
    assert status(bank, maria, name="City Power", amount=order.amount, first=LATER) == ["made"]


def test_a_planned_payment_that_is_given_up_leaves_its_bill_open(bank, maria, order, who, clock):
    propose(bank, replace(order, first_on=LATER), "p1")
    bank.schedules.arrange("p1", **who)
    propose(bank, maria.order("2450.75"), "empty")
    bank.execute_transfer("empty", **who)
    clock.pass_time(days=4)
    bank.schedules.run_due()
    assert status(bank, maria, name="City Power") == ["tried"]
    for _ in range(2):
        clock.pass_time(days=1)
        bank.schedules.run_due()
    assert (state(bank, maria), status(bank, maria, name="City Power")) == ("open", ["failed"])


def test_a_held_payment_keeps_its_bill_until_it_is_declined(bank, maria, order, who):
    propose(bank, order, "p1", "p2")
    bank.hold_transfer("p1", **who)
    assert (state(bank, maria), status(bank, maria)) == ("held", ["held"])
    with pytest.raises(BillSettled):
        bank.hold_transfer("p2", **who)
    assert [bank.decline_held("p1") for _ in range(2)] == ["declined"] * 2
    assert (state(bank, maria), status(bank, maria)) == ("open", ["declined"])
    with pytest.raises(ProposalSpent):
        bank.execute_transfer("p1", **who)
    bank.execute_transfer("p2", **who)
    assert bank.decline_held("p2") == "made"
    assert state(bank, maria) == "paid"


def test_a_payment_that_was_only_read_back_is_none(bank, maria, order):
    before = bank.payments.status(maria.id, Search())
    propose(bank, order, "p1")
    assert bank.payments.status(maria.id, Search()) == before
    assert status(bank, maria, amount=order.amount) == []


def test_a_planned_bill_that_people_look_at_is_held_and_open_again_once_they_decline(
    open_bank, url, bank, maria, order, who, clock
):
    later = replace(order, first_on=LATER)
    propose(bank, later, "s")
    bank.schedules.arrange("s", **who)
    clock.pass_time(days=4)
    rule = {"rule": "all", "when": {"to": "payee"}, "then": "approval"}
    open_bank(url, rules=(Rule.model_validate(rule),)).schedules.run_due()
    assert (state(bank, maria), status(bank, maria)[0]) == ("held", "held")
    assert bank.decline_held("s@2026-03-20") == "declined"
    assert state(bank, maria) == "open"
