"""The demo bank: exact balances out of real entries, made once."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from bank_callers import CHEAP, PEPPER, TODAY
from sqlalchemy import text

from dialog.bank.database import Database
from dialog.bank.demo import create_demo, demo_customers
from dialog.errors import BankError, UnknownAccount

BALANCES = {
    "Maria Lopez": ("40217308", "2450.75", "8300.00"),
    "James Carter": ("51082645", "512.30", "150.00"),
    "Priya Patel": ("63900578", "19804.12", "52010.40"),
    "Daniel Kim": ("77509128", "20.05", "0.00"),
}


def test_the_demo_has_its_people_and_exact_balances(bank):
    found = {
        customer["name"]: (
            customer["number"],
            *(account["balance"] for account in customer["accounts"]),
        )
        for customer in bank.books()["customers"]
    }
    assert found == BALANCES
    bank.check()


def test_daniels_debit_card_is_blocked_already_and_his_new_credit_card_waits(bank):
    cards = {customer["name"]: customer["cards"] for customer in bank.books()["customers"]}
    assert [card["status"] for card in cards.pop("Daniel Kim")] == ["blocked", "new"]
    assert {card["status"] for owned in cards.values() for card in owned} == {"active"}


def test_payees_and_facts_are_the_customers_own_in_the_order_of_the_list(bank, maria):
    facts = bank.facts(maria.id)
    assert [payee.name for payee in facts.payees] == [
        "Anna Keller",
        "Tom Becker",
        "City Power",
        "Hanna Cole",
    ]
    assert [(a.kind, a.balance, a.currency) for a in facts.accounts] == [
        ("checking", Decimal("2450.75"), "USD"),
        ("savings", Decimal("8300.00"), "USD"),
    ]
    assert [card.kind for card in facts.cards] == ["debit", "credit"]


def test_every_account_has_a_past_that_adds_up_to_its_balance(bank):
    for customer in demo_customers():
        known = bank.authenticate(customer.number, customer.pin, call_id=customer.name)
        for account in bank.facts(known.customer_id).accounts:
            past = bank.transactions(account.id, known.customer_id, limit=100)
            assert sum(entry.amount for entry in past) == account.balance
            assert len(past) >= 2
            days = [entry.day for entry in past]
            assert days == sorted(days, reverse=True)
            assert days[0] < TODAY


def test_transactions_are_the_latest_first_and_as_many_as_asked(bank, maria):
    latest = bank.transactions(maria.checking, maria.id, limit=2)
    assert [(entry.day, entry.description, entry.amount) for entry in latest] == [
        (date(2026, 3, 15), "Riverside Pharmacy", Decimal("-23.99")),
        (date(2026, 3, 14), "Corner Coffee", Decimal("-6.35")),
    ]
    assert len(bank.transactions(maria.checking, maria.id)) == 5


def test_nobody_reads_the_account_of_somebody_else(bank, maria, james):
    with pytest.raises(UnknownAccount):
        bank.transactions(james.checking, maria.id)
    with pytest.raises(UnknownAccount):
        bank.facts(10**6)


def test_making_the_demo_again_changes_nothing(open_bank, url):
    bank = open_bank(url)
    before = bank.books()
    create_demo(url, today=date(2027, 1, 1), pepper=PEPPER, cost=CHEAP)
    assert bank.books() == before


def test_the_demo_is_not_mixed_with_other_customers(url):
    database = Database(url, wait_s=5)
    database.write(
        lambda session: session.execute(
            text("UPDATE customers SET number = '12345670' WHERE first_name = 'Daniel'")
        )
    )
    database.close()
    with pytest.raises(BankError, match="has customers already"):
        create_demo(url, today=TODAY, pepper=PEPPER, cost=CHEAP)


def test_a_demo_of_another_pepper_is_named_as_such(url):
    with pytest.raises(BankError, match="another pepper"):
        create_demo(url, today=TODAY, pepper=b"another", cost=CHEAP)


def test_two_who_make_the_demo_at_once_make_one(empty_url, open_bank):
    failures, start = [], threading.Barrier(3)

    def make():
        start.wait()
        try:
            create_demo(empty_url, today=TODAY, pepper=PEPPER, cost=CHEAP)
        except BankError as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    bank = open_bank(empty_url)
    assert [c["name"] for c in bank.books()["customers"]] == list(BALANCES)
    bank.check()
