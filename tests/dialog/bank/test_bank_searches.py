"""Transactions by payee, amount, date and direction; spending by category and period."""

from datetime import date
from decimal import Decimal

import pytest
from bank_callers import meet

from dialog.bank.searches import OTHER, categories, category_of
from dialog.bank.values import Search
from dialog.errors import InvalidAmount
from nlu.locales.locale import load_locale

MARCH = {"first": date(2026, 3, 1), "last": date(2026, 3, 16)}


def found(bank, who, **search):
    told = bank.find_transactions(who.id, Search(**search))
    return [(t.day.isoformat(), t.description, str(t.amount)) for t in told.latest]


def test_by_name_amount_day_and_direction(bank, maria):
    tom = [("2026-03-12", "Transfer to Tom Becker", "-45.00")]
    assert found(bank, maria, name="Tom Becker") == tom
    assert found(bank, maria, name="tom becker") == tom
    assert found(bank, maria, amount=Decimal("45.00")) == tom
    assert found(bank, maria, first=date(2026, 3, 12), last=date(2026, 3, 12)) == tom
    assert [t[2] for t in found(bank, maria, direction="in", **MARCH)] == ["14.20", "400.00"]
    assert found(bank, maria, name="Tom Becker", direction="in") == []


def test_the_newest_come_first_and_all_are_counted(bank, maria):
    told = bank.find_transactions(maria.id, Search(direction="out"))
    assert [t.day.isoformat() for t in told.latest] == ["2026-03-15", "2026-03-14", "2026-03-12"]
    assert told.count == 7
    assert told.total == Decimal("-1985.92")


def test_an_account_limits_the_search(bank, maria):
    assert found(bank, maria, account_id=maria.savings, direction="in")[0][1] == "Interest"
    assert found(bank, maria, account_id=maria.savings, name="Corner") == []


def test_nobody_finds_the_transactions_of_somebody_else(bank, maria, james):
    assert found(bank, james, name="Tom Becker") == []
    assert found(bank, james, account_id=maria.checking) == []
    assert bank.spending(james.id, Search(account_id=maria.checking)).total == 0


@pytest.mark.parametrize("name", ["%", "_", "'; DROP TABLE postings; --", "\\"])
def test_a_name_is_text_and_no_pattern(bank, maria, name):
    assert found(bank, maria, name=name) == []
    bank.check()


def test_amounts_that_cannot_be_are_found_nowhere(bank, maria):
    assert found(bank, maria, amount=Decimal("92233720368547758.08")) == []
    with pytest.raises(InvalidAmount):
        found(bank, maria, amount=Decimal("0.001"))


def test_spending_is_by_category_without_transfers_between_own_accounts(bank, maria):
    told = bank.spending(maria.id, Search())
    assert told.total == Decimal("1585.92")
    assert told.most == (
        ("housing", Decimal("1350.00")),
        ("utilities", Decimal("86.40")),
        ("groceries", Decimal("74.18")),
    )
    one = bank.spending(maria.id, Search(category="groceries", **MARCH))
    assert one.total == Decimal("74.18")


def test_income_is_no_spending(bank, maria):
    assert bank.spending(maria.id, Search(name="Salary")).total == 0


def test_what_is_paid_now_is_found_at_once(bank, maria):
    bank.propose_transfer(maria.order("7.77", to="Anna Keller"), call_id="c", proposal_id="p")
    bank.execute_transfer("p", customer_id=maria.id, call_id="c")
    assert found(bank, maria, amount=Decimal("7.77"))[0][1] == "Transfer to Anna Keller"


def test_every_category_has_words_and_everything_else_is_other(bank):
    assert category_of("Corner Coffee") == "eating_out"
    assert category_of("Zzz") == OTHER
    for person in ("Maria", "James", "Priya", "Daniel"):
        meet(bank, person)
    assert set(load_locale("en").banking.categories) <= set(categories())
