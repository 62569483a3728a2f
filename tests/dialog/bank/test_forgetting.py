"""What is erased and what its period takes: a mark in every column of every table, and the columns
that may keep theirs. A new column fails here until somebody has said on which side it is."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Integer, String, Table, select

from dialog.bank.tables import Base, UtcDateTime

YEARS = timedelta(days=1000)
MONEY = 271828
NUMBER = "§number"
KEY = 900

PLAIN = {
    "accounts": {"customer_id": KEY, "balance_minor": 0},
    "cards": {"status": "active"},
    "cases": {"kind": "complaint"},
    "orders": {"terms": '{"item": "§terms"}'},
    "proposals": {"to_account_id": None},
    "schedules": {"to_account_id": None, "every": "once"},
    "customers": {"number": NUMBER},
    "tries": {"scope": "pin-number", "subject": NUMBER},
    "loan_applications": {"assessment": '{"reasons": ["§assessment"]}'},
    "recommendations": {"seen": '{"goal": "§seen"}'},
}
"""What cannot be any value, or has to be found by it."""

BOOKS = {
    "accounts": {"kind", "number", "currency"},
    "bills": {"kind", "amount_minor", "currency", "claimed_by"},
    "card_events": {"call_id", "reason"},
    "cards": {"kind", "last4", "ordered_by", "cash_limit_minor", "purchase_limit_minor"},
    "cases": {"request_id", "call_id", "department"},
    "journal_entries": {"proposal_id"},
    "loan_applications": {"id", "amount_minor", "rate", "outcome"},
    "messages": {"key", "channel", "kind"},
    "office_events": {"key", "workflow", "kind", "subject"},
    "orders": {"id", "call_id", "kind"},
    "payee_proposals": {"id", "call_id"},
    "postings": {"amount_minor", "currency", "balance_after_minor", "description"},
    "proposals": {"id", "call_id", "amount_minor", "currency", "every"},
    "recommendations": {"id", "call_id", "product", "reasons", "model", "answer"},
    "schedules": {"id", "amount_minor", "currency"},
    "surveys": {"id", "flows", "sentiment", "topic"},
    "task_votes": {"task_id", "by", "decision"},
    "tasks": {"id", "workflow", "kind", "department", "decision"},
    "trips": {"id"},
    "waiting_callers": {"call_id", "taken_by"},
}
"""What stays for ever: ids, kinds, what staff decided, and what a bank must keep."""

OWN = {
    "bills": {"reference"},
    "customers": {"number", "first_name", "last_name", "pin_hash", "phone", "email"},
    "payees": {"name", "account_number", "routing"},
    "profiles": {"goal", "income_minor", "spending_minor", "saving_minor"},
}
"""What is a customer's own, and stays for as long as they are one."""

CHAIN = "audit_events"
"""Holds nothing that was said, by its own tests; a row beside the chain would break it."""


def value(column: Column, at: datetime, *, over: bool) -> object:
    """A mark, or whatever can stand in a column."""
    if column.name in PLAIN.get(column.table.name, {}):
        return PLAIN[column.table.name][column.name]
    if column.foreign_keys:
        (target,) = (key.column for key in column.foreign_keys)
        return value(target, at, over=over)
    kind = column.type
    if isinstance(kind, (UtcDateTime, Date)) and column.nullable and not over:
        return None
    if isinstance(kind, UtcDateTime):
        return at
    if isinstance(kind, Date):
        return at.date()
    if column.name == "customer_id" or (column.primary_key and not isinstance(kind, String)):
        return KEY
    if isinstance(kind, String):
        return f"§{column.name}"[: kind.length]
    if isinstance(kind, Boolean):
        return True
    assert isinstance(kind, (BigInteger, Integer, Float)), column
    return MONEY if column.name.endswith("_minor") else 7


def planted(bank, at: datetime, *, over: bool) -> None:
    """A row in every table, all of one customer, all made at one time."""

    def plant(session):
        for table in Base.metadata.sorted_tables:
            if table.name != CHAIN:
                row = {column.name: value(column, at, over=over) for column in table.c}
                session.execute(table.insert().values(**row))

    bank._database.write(plant)


def marked(bank) -> dict[str, set[str]]:
    """By table, the columns that hold a mark."""

    def marks(session, table: Table) -> set[str]:
        rows = session.execute(select(table)).mappings().all()
        return {n for row in rows for n, v in row.items() if v == MONEY or "§" in str(v)}

    with bank._database.reading() as session:
        found = {table.name: marks(session, table) for table in Base.metadata.sorted_tables}
    return {name: columns for name, columns in found.items() if columns}


def both(one: dict[str, set[str]], other: dict[str, set[str]]) -> dict[str, set[str]]:
    return {name: one.get(name, set()) | other.get(name, set()) for name in one | other}


@pytest.mark.parametrize("over", [True, False], ids=["over", "under way"])
def test_an_erased_customer_is_in_no_column_of_any_table(bank, clock, over):
    planted(bank, clock() - YEARS, over=over)
    bank.privacy.erase(NUMBER, by="Ada")
    assert both(BOOKS, marked(bank)) == BOOKS


def test_what_is_over_is_in_no_column_after_its_period(bank, clock):
    planted(bank, clock() - YEARS, over=True)
    limit = clock() - timedelta(days=730)
    assert bank.privacy.forget_before(limit, by="Ada") > 0
    assert bank.vault([b"0" * 43 + b"="]).forget_before(limit, by="Ada") == ["§call_id"]
    assert marked(bank) == both(BOOKS, OWN)
    assert bank.privacy.forget_before(limit, by="Ada") == 0


def test_a_counter_is_forgotten_once_nobody_tried_for_a_whole_period(bank, maria, clock):
    """And not while it is in use: its lock-outs would be short again."""
    for count in (1, 2, 3):
        clock.pass_time(days=80)
        bank.authenticate(maria.number, "0000", call_id=f"guess {count}")
        bank.privacy.forget_before(clock() - timedelta(days=90), by="Ada")
        (row,) = bank.privacy.export(maria.number, by="Ada")["tries"]
        assert row["count"] == count
    clock.pass_time(days=91)
    bank.privacy.forget_before(clock() - timedelta(days=90), by="Ada")
    assert bank.privacy.export(maria.number, by="Ada")["tries"] == []


def test_an_address_is_a_strangers_once_nobody_logged_in_from_it_for_a_period(bank, maria, clock):
    """A telephone number that was given to somebody else has no tries of its own any more."""
    bank.authenticate(maria.number, maria.pin, call_id="home", address="sip:+1555")
    clock.pass_time(days=91)
    bank.privacy.forget_before(clock() - timedelta(days=90), by="Ada")
    assert bank.privacy.export(maria.number, by="Ada")["known_addresses"] == []
    for n in range(3):
        bank.authenticate(maria.number, "0000", call_id=f"g{n}", address="sip:+1555")
    assert bank.authenticate(maria.number, maria.pin, call_id="elsewhere").locked


def test_an_order_for_a_card_is_known_until_the_card_is_there(bank, maria, clock):
    who = {"customer_id": maria.id, "call_id": "c1"}
    bank.orders.propose("replace", {"card": maria.cards["debit"]}, proposal_id="o1", **who)
    bank.orders.carry_out("o1", **who)
    clock.pass_time(days=1000)
    bank.privacy.forget_before(clock(), by="Ada")
    assert bank.paperwork.order("o1").terms == {"card": maria.cards["debit"]}


def test_what_is_young_stays_where_it_is(bank, clock):
    planted(bank, clock() - timedelta(days=700), over=True)
    before = marked(bank)
    assert bank.privacy.forget_before(clock() - timedelta(days=730), by="Ada") == 0
    assert marked(bank) == before
    assert {table.name for table in Base.metadata.sorted_tables} == before.keys() | {CHAIN}
