"""Transfers: what is read back is stored, what is confirmed moves once."""

import json
from datetime import date
from decimal import Decimal

import pytest
from bank_callers import meet

from dialog.bank.values import Transaction, TransferOrder
from dialog.errors import (
    AmountOverLimit,
    BankError,
    InsufficientFunds,
    InvalidAmount,
    ProposalSpent,
    UnknownAccount,
    WrongCurrency,
)


def test_a_payee_is_paid_once_however_often_it_is_confirmed(bank, maria, balances):
    bank.propose_transfer(maria.order("50.00", to="Anna Keller"), call_id="c1", proposal_id="p1")
    first = bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    second = bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    assert (first.amount, first.currency) == (Decimal("50.00"), "USD")
    assert first.balance_after == second.balance_after == Decimal("2400.75")
    assert (first.repeated, second.repeated) == (False, True)
    assert first.journal_id == second.journal_id
    assert balances()["Maria/checking"] == "2400.75"
    bank.check()


def test_a_transfer_between_own_accounts_moves_both_balances(bank, maria, balances):
    bank.propose_transfer(
        maria.order("300.01", source="savings", to="checking"), call_id="c1", proposal_id="p1"
    )
    bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    assert balances()["Maria/checking"] == "2750.76"
    assert balances()["Maria/savings"] == "7999.99"
    day = date(2026, 3, 16)
    assert bank.transactions(maria.checking, maria.id, limit=1) == (
        Transaction(day, "Transfer from savings", Decimal("300.01"), "USD"),
    )
    assert bank.transactions(maria.savings, maria.id, limit=1) == (
        Transaction(day, "Transfer to checking", Decimal("-300.01"), "USD"),
    )
    bank.check()


def test_nothing_moves_when_a_transfer_is_only_proposed(bank, maria, balances):
    before = balances()
    bank.propose_transfer(maria.order("50.00"), call_id="c1", proposal_id="p1")
    assert balances() == before
    assert bank.books()["transfers"] == []


def test_a_receipt_of_a_repeat_tells_the_balance_of_then(bank, maria):
    for proposal in ("p1", "p2"):
        bank.propose_transfer(maria.order("100.00"), call_id="c1", proposal_id=proposal)
        bank.execute_transfer(proposal, customer_id=maria.id, call_id="c1")
    again = bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    assert again.balance_after == Decimal("2350.75")


def test_all_of_an_account_can_be_moved_and_not_a_cent_more(bank, james, balances):
    bank.propose_transfer(james.order("512.31"), call_id="c1", proposal_id="too-much")
    bank.propose_transfer(james.order("512.30"), call_id="c1", proposal_id="all")
    with pytest.raises(InsufficientFunds):
        bank.execute_transfer("too-much", customer_id=james.id, call_id="c1")
    assert balances()["James/checking"] == "512.30"
    bank.execute_transfer("all", customer_id=james.id, call_id="c1")
    assert balances()["James/checking"] == "0.00"
    bank.check()


def test_funds_are_looked_at_when_the_money_moves_not_when_it_was_read_back(bank, james):
    bank.propose_transfer(james.order("400.00"), call_id="c1", proposal_id="p1")
    bank.propose_transfer(james.order("400.00"), call_id="c2", proposal_id="p2")
    bank.execute_transfer("p1", customer_id=james.id, call_id="c1")
    with pytest.raises(InsufficientFunds):
        bank.execute_transfer("p2", customer_id=james.id, call_id="c2")


def test_a_proposal_expires_but_what_was_done_stays_known(bank, maria, clock):
    bank.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id="late")
    bank.propose_transfer(maria.order("2.00"), call_id="c1", proposal_id="done")
    clock.pass_time(minutes=9, seconds=59)
    bank.execute_transfer("done", customer_id=maria.id, call_id="c1")
    clock.pass_time(seconds=1)
    with pytest.raises(ProposalSpent, match="expired"):
        bank.execute_transfer("late", customer_id=maria.id, call_id="c1")
    assert bank.execute_transfer("done", customer_id=maria.id, call_id="c1").repeated


def test_a_proposal_is_of_one_call_and_one_customer(bank, maria, james):
    bank.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id="p1")
    for customer_id, call_id, proposal in (
        (maria.id, "c2", "p1"),
        (james.id, "c1", "p1"),
        (maria.id, "c1", "never-proposed"),
    ):
        with pytest.raises(ProposalSpent):
            bank.execute_transfer(proposal, customer_id=customer_id, call_id=call_id)
    assert bank.books()["transfers"] == []


def test_a_proposal_id_cannot_be_given_other_terms(bank, maria):
    bank.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id="p1")
    bank.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id="p1")
    with pytest.raises(ProposalSpent):
        bank.propose_transfer(maria.order("1000.00"), call_id="c1", proposal_id="p1")
    assert bank.execute_transfer("p1", customer_id=maria.id, call_id="c1").amount == Decimal("1.00")


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ("0", InvalidAmount),
        ("-5.00", InvalidAmount),
        ("1.001", InvalidAmount),
        ("NaN", InvalidAmount),
        ("sNaN", InvalidAmount),
        ("Infinity", InvalidAmount),
        ("1e40", InvalidAmount),
        ("10000.01", AmountOverLimit),
    ],
)
def test_amounts_that_cannot_be_are_refused(bank, maria, amount, refusal):
    with pytest.raises(refusal):
        bank.propose_transfer(maria.order(amount), call_id="c1", proposal_id="p1")


def test_a_float_is_no_amount(bank, maria):
    order = TransferOrder(maria.id, maria.checking, 0.1, "USD", to_account_id=maria.savings)
    with pytest.raises(InvalidAmount):
        bank.propose_transfer(order, call_id="c1", proposal_id="p1")


def test_one_transfer_may_move_the_limit_itself(open_bank, bank, maria):
    bank.propose_transfer(maria.order("10000.00"), call_id="c1", proposal_id="p1")


def test_another_currency_is_refused_in_words_that_help(bank, maria):
    order = TransferOrder(
        maria.id, maria.checking, Decimal("5.00"), "EUR", to_account_id=maria.savings
    )
    with pytest.raises(WrongCurrency, match="in USD"):
        bank.propose_transfer(order, call_id="c1", proposal_id="p1")


def test_nobody_moves_somebody_elses_money_nor_pays_somebody_elses_payee(bank, maria, james):
    amount = Decimal("1.00")
    strange = [
        TransferOrder(maria.id, james.checking, amount, "USD", to_account_id=maria.savings),
        TransferOrder(maria.id, maria.checking, amount, "USD", to_account_id=james.checking),
        TransferOrder(
            maria.id, maria.checking, amount, "USD", to_payee_id=james.payees["Luis Ortega"]
        ),
        TransferOrder(maria.id, maria.checking, amount, "USD", to_account_id=1),
        TransferOrder(maria.id, 10**6, amount, "USD", to_account_id=maria.savings),
    ]
    for number, order in enumerate(strange):
        with pytest.raises(UnknownAccount):
            bank.propose_transfer(order, call_id="c1", proposal_id=f"p{number}")


def test_a_transfer_has_exactly_one_target_other_than_its_source(bank, maria):
    amount, payee = Decimal("1.00"), maria.payees["Anna Keller"]
    for order in (
        TransferOrder(maria.id, maria.checking, amount, "USD"),
        TransferOrder(maria.id, maria.checking, amount, "USD", maria.savings, payee),
        TransferOrder(maria.id, maria.checking, amount, "USD", to_account_id=maria.checking),
    ):
        with pytest.raises(BankError):
            bank.propose_transfer(order, call_id="c1", proposal_id="p1")


def test_a_redial_after_a_restart_pays_nothing_twice(open_bank, url, clock):
    first = open_bank(url)
    maria = meet(first, "Maria")
    first.propose_transfer(maria.order("20.00"), call_id="c1", proposal_id="p1")
    first.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    first.close()
    second = open_bank(url)
    assert second.execute_transfer("p1", customer_id=maria.id, call_id="c1").repeated
    assert len(second.books()["transfers"]) == 1


def test_the_books_list_customers_transfers_only_oldest_first_as_json(bank, maria, clock):
    bank.propose_transfer(maria.order("50.00", to="Anna Keller"), call_id="c1", proposal_id="p1")
    bank.propose_transfer(maria.order("7.5"), call_id="c1", proposal_id="p2")
    bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    clock.pass_time(seconds=30)
    bank.execute_transfer("p2", customer_id=maria.id, call_id="c1")
    books = json.loads(json.dumps(bank.books()))
    checking = f"{maria.number}/checking"
    assert [(t["source"], t["to"], t["amount"]) for t in books["transfers"]] == [
        (checking, "Anna Keller", "50.00"),
        (checking, f"{maria.number}/savings", "7.50"),
    ]
    assert books["transfers"][1]["at"] == "2026-03-16T10:00:30+00:00"
    assert books["transfers"][0]["call_id"] == "c1"
