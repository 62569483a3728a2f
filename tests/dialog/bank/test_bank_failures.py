"""A database that is locked, full, damaged or gone: the bank says so and nothing is half-done."""

import shutil
import sqlite3
import time

import psycopg
import pytest
from bank_callers import meet
from cut_wire import CutWire
from sqlalchemy import event, make_url, text
from sqlalchemy.pool import Pool

from dialog.bank.database import Database
from dialog.errors import BankUnavailable, LedgerError, OutcomeUnknown

LAST_WORD = b"COMMIT\0"
"""As PostgreSQL's protocol ends it: BEGIN READ COMMITTED has the letters too."""


def hold_lock(url, account_id):
    """Another connection in the middle of a write to the account."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        other = sqlite3.connect(address.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(address.set(drivername="postgresql").render_as_string(False))
        other.execute("SELECT * FROM accounts WHERE id = %s FOR UPDATE", [account_id])
    return other


def test_a_locked_database_is_waited_for_only_so_long_and_nothing_is_done(
    open_bank, url, bank, maria
):
    bank.propose_transfer(maria.order("50.00"), call_id="c1", proposal_id="p1")
    before = bank.books()
    impatient = open_bank(url, wait_s=0.3)
    other = hold_lock(url, maria.checking)
    begun = time.monotonic()
    with pytest.raises(BankUnavailable, match="nothing was done"):
        impatient.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    assert 0.2 < time.monotonic() - begun < 5
    assert impatient.facts(maria.id).first_name == "Maria"
    other.rollback()
    other.close()
    assert bank.books() == before
    assert not impatient.execute_transfer("p1", customer_id=maria.id, call_id="c1").repeated
    bank.check()


def pay_until_refused(bank, customer):
    """Make transfers p0, p1, … until the disk is full; how many, and what was said then."""
    for paid in range(1000):
        try:
            order = customer.order("1.00")
            bank.propose_transfer(order, call_id="c1", proposal_id=f"p{paid}")
            bank.execute_transfer(f"p{paid}", customer_id=customer.id, call_id="c1")
        except BankUnavailable as refused:
            return paid, str(refused)
    raise AssertionError("the disk never filled up")


def test_a_full_disk_stops_a_transfer_whole_and_the_next_one_works_when_there_is_space(
    open_bank, sqlite_url
):
    bank = open_bank(sqlite_url)
    maria = meet(bank, "Maria")
    entries = bank.books()["journal_entries"]

    def no_more_pages(connection, *_):
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(Pool, "checkout", no_more_pages)
    try:
        paid, said = pay_until_refused(bank, maria)
        assert "SQLITE_FULL" in said
        bank.check()
        assert bank.books()["journal_entries"] == entries + paid
    finally:
        event.remove(Pool, "checkout", no_more_pages)
    bank.close()
    roomy = open_bank(sqlite_url)
    roomy.propose_transfer(maria.order("1.00"), call_id="c1", proposal_id=f"p{paid}")
    assert not roomy.execute_transfer(f"p{paid}", customer_id=maria.id, call_id="c1").repeated
    roomy.check()


def test_a_damaged_file_is_told(open_bank, sqlite_url, tmp_path):
    open_bank(sqlite_url).close()
    path = tmp_path / "bank.db"
    path.write_bytes(b"this is no database at all" * 1000)
    with pytest.raises(BankUnavailable, match="SQLITE_NOTADB"):
        open_bank(sqlite_url)


def test_a_file_that_vanishes_is_told(open_bank, sqlite_url, tmp_path):
    bank = open_bank(sqlite_url)
    maria = meet(bank, "Maria")
    bank.close()
    shutil.rmtree(tmp_path)
    with pytest.raises(BankUnavailable):
        bank.facts(maria.id)


def test_a_server_that_does_not_answer_is_told(open_bank):
    with pytest.raises(BankUnavailable, match="see that it runs"):
        open_bank("postgresql+psycopg://postgres@127.0.0.1:1/test", wait_s=1)


def test_a_constraint_is_told_without_the_row_that_broke_it(url):
    database = Database(url, wait_s=5)
    statement = text("UPDATE customers SET number = '51082645' WHERE number = '40217308'")
    with pytest.raises(LedgerError) as refused:
        database.write(lambda session: session.execute(statement))
    database.close()
    assert "51082645" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.fixture
def wire(postgres_url):
    address = make_url(postgres_url)
    wire = CutWire(address.host, address.port or 5432)
    yield wire
    wire.close()


@pytest.fixture
def wired_url(postgres_url, wire):
    """The bank's address through the wire, in clear so that the wire can read it."""
    address = make_url(postgres_url).set(host="127.0.0.1", port=wire.port)
    return address.update_query_dict({"sslmode": "disable"}).render_as_string(False)


def test_a_commit_whose_answer_is_lost_is_found_again_and_not_repeated(open_bank, wired_url, wire):
    bank = open_bank(wired_url)
    maria = meet(bank, "Maria")
    bank.propose_transfer(maria.order("50.00"), call_id="c1", proposal_id="p1")
    wire.cut_at, wire.cuts = LAST_WORD, 1
    receipt = bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    assert wire.cuts == 0
    assert not receipt.repeated
    assert str(receipt.balance_after) == "2400.75"
    assert len(bank.books()["transfers"]) == 1
    bank.check()


def test_a_wire_cut_in_the_middle_of_a_transfer_is_mended(open_bank, wired_url, wire):
    bank = open_bank(wired_url)
    maria = meet(bank, "Maria")
    bank.propose_transfer(maria.order("50.00"), call_id="c1", proposal_id="p1")
    wire.cut_at, wire.cuts = b"INSERT INTO postings", 1
    assert not bank.execute_transfer("p1", customer_id=maria.id, call_id="c1").repeated
    assert wire.cuts == 0
    assert len(bank.books()["transfers"]) == 1


def test_a_server_that_is_gone_after_a_commit_leaves_the_outcome_open_until_asked_again(
    open_bank, wired_url, wire
):
    bank = open_bank(wired_url, wait_s=1)
    maria = meet(bank, "Maria")
    bank.propose_transfer(maria.order("50.00"), call_id="c1", proposal_id="p1")
    wire.cut_at, wire.cuts, wire.refuses = LAST_WORD, 1, True
    with pytest.raises(OutcomeUnknown, match="same proposal"):
        bank.execute_transfer("p1", customer_id=maria.id, call_id="c1")
    wire.refuses = False
    assert bank.execute_transfer("p1", customer_id=maria.id, call_id="c1").repeated
    assert len(bank.books()["transfers"]) == 1


def test_a_server_that_was_restarted_between_two_calls_is_no_matter(
    open_bank, postgres_url, postgres
):
    bank = open_bank(postgres_url)
    maria = meet(bank, "Maria")
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
        [make_url(postgres_url).database],
    )
    assert bank.facts(maria.id).first_name == "Maria"
