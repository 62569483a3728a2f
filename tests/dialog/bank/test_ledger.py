"""The ledger: append-only, always in balance, and check() sees when it is not."""

import stat
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dialog.bank import ledger, migrate
from dialog.bank.database import Database
from dialog.bank.ledger import Leg
from dialog.bank.tables import Base
from dialog.errors import BankError, InsufficientFunds, LedgerError

APPEND_ONLY = ["journal_entries", "postings", "card_events", "audit_events"]
NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.fixture
def database(url):
    database = Database(url, wait_s=5)
    yield database
    database.close()


def run(database, *statements):
    """Plain SQL in one transaction, as somebody who goes round the bank's code."""
    with database.engine.connect().execution_options(writes=True) as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_the_journal_refuses_to_be_changed(database, bank, maria, table, change):
    before = bank.books()
    with pytest.raises(DBAPIError, match="append-only"):
        run(database, change.format(table))
    assert bank.books() == before


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_journal_refuses_to_be_emptied_or_written_over(database, maria, table):
    if database.engine.dialect.name == "postgresql":
        change = f"TRUNCATE {table} CASCADE"
    else:
        change = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    with pytest.raises(DBAPIError, match="append-only"):
        run(database, change)


def test_the_database_itself_refuses_an_overdraft(database, maria):
    with pytest.raises(DBAPIError, match="no_overdraft"):
        run(database, f"UPDATE accounts SET balance_minor = -1 WHERE id = {maria.checking}")


def test_the_database_itself_refuses_a_second_entry_for_one_proposal(database, bank, maria):
    bank.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id="p1")
    bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    with pytest.raises(DBAPIError, match=r"proposal_id"):
        run(
            database,
            "INSERT INTO journal_entries (id, recorded_at, booked_on, proposal_id) "
            "VALUES (9999, '2026-03-16 00:00:00', '2026-03-16', 'p1')",
        )


@pytest.mark.parametrize(
    "amounts",
    [(-100, 99), (-100,), (100, 100), ()],
    ids=["a cent is lost", "one side only", "money from nowhere", "nothing at all"],
)
def test_an_entry_that_does_not_sum_to_zero_is_not_posted(database, bank, maria, amounts):
    before = bank.books()
    accounts = (maria.checking, maria.savings)
    legs = [Leg(account, minor, "x") for account, minor in zip(accounts, amounts, strict=False)]
    with pytest.raises(LedgerError):
        database.write(lambda session: ledger.post(session, legs, at=NOON))
    assert bank.books() == before


def test_an_overdraft_is_refused_and_leaves_nothing_behind(database, bank, maria):
    before = bank.books()
    legs = [Leg(maria.savings, 10**9, "in"), Leg(maria.checking, -(10**9), "out")]
    with pytest.raises(InsufficientFunds):
        database.write(lambda session: ledger.post(session, legs, at=NOON))
    assert bank.books() == before
    bank.check()


POSTING = (
    "INSERT INTO postings (id, entry_id, account_id, amount_minor, currency, "
    "balance_after_minor, description) VALUES ({}, {}, {}, {}, '{}', {}, 'forged')"
)
ENTRY = "INSERT INTO journal_entries (id, recorded_at, booked_on) VALUES ({}, '{}', '2026-03-16')"


def forge_unbalanced(maria):
    """A posting without its other side, with balances that fit it."""
    return (
        ENTRY.format(9001, "2026-03-16 00:00:00"),
        POSTING.format(9001, 9001, maria.checking, 500, "USD", 245575),
        f"UPDATE accounts SET balance_minor = 245575 WHERE id = {maria.checking}",
    )


def forge_empty(maria):
    return (ENTRY.format(9001, "2026-03-16 00:00:00"),)


def forge_balance(maria):
    return (f"UPDATE accounts SET balance_minor = balance_minor + 1 WHERE id = {maria.checking}",)


def forge_running_balance(maria):
    return (
        ENTRY.format(9001, "2026-03-16 00:00:00"),
        POSTING.format(9001, 9001, maria.checking, -500, "USD", 245075),
        POSTING.format(9002, 9001, maria.savings, 500, "USD", 830500),
        f"UPDATE accounts SET balance_minor = 244575 WHERE id = {maria.checking}",
        f"UPDATE accounts SET balance_minor = 830500 WHERE id = {maria.savings}",
    )


def forge_currency(maria):
    return (
        ENTRY.format(9001, "2026-03-16 00:00:00"),
        POSTING.format(9001, 9001, maria.checking, -500, "EUR", 244575),
        POSTING.format(9002, 9001, maria.savings, 500, "EUR", 830500),
        f"UPDATE accounts SET balance_minor = 244575 WHERE id = {maria.checking}",
        f"UPDATE accounts SET balance_minor = 830500 WHERE id = {maria.savings}",
    )


def forge_amount(maria):
    """The proposal was of 5.00 and its entry moves 6.00."""
    return (
        "INSERT INTO proposals (id, customer_id, call_id, from_account_id, to_account_id, "
        "amount_minor, currency, proposed_at, expires_at) VALUES ('forged', "
        f"{maria.id}, 'c', {maria.checking}, {maria.savings}, 500, 'USD', "
        "'2026-03-16 00:00:00', '2026-03-16 00:00:00')",
        "INSERT INTO journal_entries (id, recorded_at, booked_on, proposal_id) "
        "VALUES (9001, '2026-03-16 00:00:00', '2026-03-16', 'forged')",
        POSTING.format(9001, 9001, maria.checking, -600, "USD", 244475),
        POSTING.format(9002, 9001, maria.savings, 600, "USD", 830600),
        f"UPDATE accounts SET balance_minor = 244475 WHERE id = {maria.checking}",
        f"UPDATE accounts SET balance_minor = 830600 WHERE id = {maria.savings}",
    )


@pytest.mark.parametrize(
    ("forge", "rule"),
    [
        (forge_unbalanced, "do not sum to zero"),
        (forge_empty, "fewer than two postings"),
        (forge_balance, "not the sum of their postings"),
        (forge_running_balance, "does not follow"),
        (forge_currency, "another currency"),
        (forge_amount, "moved another amount"),
    ],
)
def test_check_names_the_rule_that_forged_books_break(database, bank, maria, forge, rule):
    bank.check()
    run(database, *forge(maria))
    with pytest.raises(LedgerError, match=rule):
        bank.check()


def test_the_migrations_make_exactly_the_tables_of_the_models(empty_url):
    migrate.upgrade(empty_url)
    database = Database(empty_url, wait_s=5)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_a_bank_without_its_schema_is_refused_with_the_cure(empty_url, open_bank):
    with pytest.raises(BankError, match="upgrade"):
        open_bank(empty_url)


def test_a_schema_of_a_newer_version_is_left_alone(database, url, open_bank):
    with database.reading() as session:
        found = session.scalar(text("SELECT version_num FROM alembic_version"))
    run(database, "UPDATE alembic_version SET version_num = '9999'")
    try:
        with pytest.raises(BankError, match="newer version"):
            migrate.upgrade(url)
        with pytest.raises(BankError, match="9999"):
            open_bank(url)
    finally:
        run(database, f"UPDATE alembic_version SET version_num = '{found}'")


def test_upgrading_twice_changes_nothing(bank, url):
    before = bank.books()
    migrate.upgrade(url)
    assert bank.books() == before


def test_a_missing_file_is_named_and_not_made(tmp_path, open_bank):
    with pytest.raises(BankError, match=r"nowhere\.db"):
        open_bank(f"sqlite:///{tmp_path / 'nowhere.db'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://localhost/bank"]
)
def test_an_address_of_no_bank_is_refused(open_bank, url):
    with pytest.raises(BankError, match="bank url"):
        open_bank(url)


def test_the_file_of_a_new_bank_is_for_its_owner_only(tmp_path):
    migrate.upgrade(f"sqlite:///{tmp_path / 'deep' / 'bank.db'}")
    mode = (tmp_path / "deep" / "bank.db").stat().st_mode
    assert stat.S_IMODE(mode) == stat.S_IRUSR | stat.S_IWUSR


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(BankError, match="file"):
        migrate.upgrade(f"sqlite:///{tmp_path / 'file' / 'bank.db'}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
