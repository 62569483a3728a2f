"""The audit: everything is written down, and nothing in it can be changed unseen."""

import json
import re
import threading
from pathlib import Path

import psycopg
import pytest
from bank_callers import CHEAP, PEPPER, meet, plain
from sqlalchemy import select, text

from dialog.bank.audit import because
from dialog.bank.bank import Bank
from dialog.bank.checkpoints import read_checkpoints
from dialog.bank.database import Database
from dialog.bank.deeds import DEEDS
from dialog.bank.keys import derive, keyed
from dialog.bank.order_kinds import order_kinds
from dialog.bank.settings import BankSettings
from dialog.bank.tables import AuditRow
from dialog.errors import BankError, InsufficientFunds

ROOT = Path(__file__).parents[3]


@pytest.fixture
def outside(tmp_path):
    return tmp_path / "elsewhere" / "checkpoints.jsonl"


@pytest.fixture
def watched(url, clock, outside):
    """A bank with checkpoints, and five rows in its audit."""
    bank = Bank(
        url,
        pepper=PEPPER,
        clock=clock,
        settings=BankSettings(pin_cost=CHEAP, rules=()),
        checkpoints=outside,
    )
    maria = meet(bank, "Maria")
    for n in range(2):
        order = maria.order(f"{n + 1}.00", to="Anna Keller")
        bank.propose_transfer(order, call_id="c1", proposal_id=f"p{n}")
        bank.execute_transfer(f"p{n}", customer_id=maria.id, call_id="c1")
    yield bank
    bank.close()


def rows(bank):
    with bank._database.reading() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def forge(url, *statements):
    """Change the audit as a database administrator can, who passes every trigger."""
    if url.startswith("postgresql"):
        with psycopg.connect(plain(url)) as session:
            session.execute("SET session_replication_role = replica")
            for statement in statements:
                session.execute(statement)
        return
    database = Database(url, wait_s=5)
    with database.engine.connect().execution_options(writes=True) as connection:
        for event in ("update", "delete", "replace"):
            connection.execute(text(f"DROP TRIGGER audit_events_no_{event}"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
    database.close()


def findings(bank, outside=None):
    points = read_checkpoints(outside, PEPPER) if outside else ()
    return bank.check_audit(points).findings


def test_an_untouched_audit_is_whole(watched, outside):
    report = watched.check_audit(read_checkpoints(outside, PEPPER))
    assert (report.rows, report.checkpoints, report.findings) == (5, 5, ())
    assert [(row.action, row.result) for row in rows(watched)] == [
        ("login", "ok"),
        *[("propose_transfer", "ok"), ("transfer", "ok")] * 2,
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_events SET result = 'refused' WHERE id = 3",
        "UPDATE audit_events SET details = '{}' WHERE id = 3",
        "UPDATE audit_events SET customer_id = 2 WHERE id = 3",
        "UPDATE audit_events SET reason = 'because' WHERE id = 3",
        "UPDATE audit_events SET call_id = 'c2' WHERE id = 3",
        "UPDATE audit_events SET action = 'login' WHERE id = 3",
        "UPDATE audit_events SET model = 'another' WHERE id = 3",
        "UPDATE audit_events SET recorded_at = '2026-03-15 12:00:00' WHERE id = 3",
        "UPDATE audit_events SET mac = (SELECT mac FROM audit_events WHERE id = 2) WHERE id = 3",
    ],
)
def test_a_changed_row_is_found(watched, url, change):
    forge(url, change)
    assert "row 3 is not what was written" in findings(watched)[0]


@pytest.mark.parametrize(
    ("then", "found"),
    [
        ("SELECT 1", "row 3 is missing"),
        ("UPDATE audit_events SET id = id - 1 WHERE id > 3", "row 3 is not what was written"),
    ],
    ids=["removed", "the rest moved up"],
)
def test_a_removed_row_is_found_even_if_the_rest_moves_up(watched, url, then, found):
    forge(url, "DELETE FROM audit_events WHERE id = 3", then)
    assert found in findings(watched)[0]


def test_two_rows_that_changed_places_are_found(watched, url):
    swap = [f"UPDATE audit_events SET id = {a} WHERE id = {b}" for a, b in ((9, 3), (3, 4), (4, 9))]
    forge(url, *swap)
    assert "row 3 is not what was written" in findings(watched)[0]


def test_a_cut_tail_is_found_by_the_checkpoints_only(watched, url, outside):
    forge(url, "DELETE FROM audit_events WHERE id > 3")
    assert findings(watched) == ()
    assert findings(watched, outside) == (
        "row 4 was there and is gone: the chain ends at row 3",
        "row 5 was there and is gone: the chain ends at row 3",
    )


def test_a_chain_made_anew_without_the_key_is_found_by_its_macs(watched, url):
    forge(url, f"UPDATE audit_events SET mac = '{keyed(b'guess', 'x')}' WHERE id = 5")
    assert "row 5" in findings(watched)[0]


def test_a_chain_made_anew_with_the_key_is_found_by_the_checkpoints(watched, url, outside, clock):
    forge(url, "DELETE FROM audit_events")
    clock.pass_time(seconds=1)
    insider = Bank(url, pepper=PEPPER, clock=clock, settings=BankSettings(pin_cost=CHEAP, rules=()))
    for _ in range(5):
        meet(insider, "Maria")
    insider.close()
    assert findings(watched) == ()
    assert "row 1 was another one: the chain was made anew" in findings(watched, outside)


def test_a_forged_checkpoint_is_found(watched, url, outside):
    lines = outside.read_text().splitlines()
    told = json.loads(lines[2])
    lines[2] = json.dumps({**told, "mac": "0" * 64})
    lines[3] = "nonsense"
    outside.write_text("\n".join(lines))
    assert findings(watched, outside) == (
        "checkpoint line 3 is not what was written",
        "checkpoint line 4 is not what was written",
    )


def test_missing_checkpoints_are_named(tmp_path):
    with pytest.raises(BankError, match=r"gone\.jsonl"):
        list(read_checkpoints(tmp_path / "gone.jsonl", PEPPER))


def test_a_refusal_is_written_down_and_moved_nothing(bank, james):
    bank.propose_transfer(james.order("512.31"), call_id="c1", proposal_id="p")
    with pytest.raises(InsufficientFunds):
        bank.execute_transfer("p", customer_id=james.id, call_id="c1")
    last = rows(bank)[-1]
    assert (last.action, last.result, last.customer_id) == (
        "transfer",
        "InsufficientFunds",
        james.id,
    )


def test_a_transfer_that_is_rolled_back_leaves_no_row_that_says_it_was_made(bank, james):
    bank.propose_transfer(james.order("512.31"), call_id="c1", proposal_id="p")
    before = len(rows(bank))
    with pytest.raises(InsufficientFunds):
        bank.execute_transfer("p", customer_id=james.id, call_id="c1")
    assert [row.result for row in rows(bank)[before:]] == ["InsufficientFunds"]


def test_a_row_says_why_and_by_which_model_and_holds_no_secret(bank, maria):
    bank.propose_transfer(maria.order("5.00", to="Anna Keller"), call_id="c1", proposal_id="p")
    with because("agreed", "intents-1234"):
        bank.execute_transfer("p", customer_id=maria.id, call_id="c1")
    last = rows(bank)[-1]
    assert (last.reason, last.model) == ("agreed", "intents-1234")
    bank.authenticate(maria.number, "1111", call_id="c9", address="+15550100")
    written = "".join(json.dumps(vars(row), default=str) for row in rows(bank))
    for secret in (maria.number, "1111", "Anna", "Keller", "5550100"):
        assert secret not in written


def test_a_checkpoint_file_that_cannot_be_written_stops_no_transfer(url, clock, tmp_path, caplog):
    (tmp_path / "folder").mkdir()
    bank = Bank(
        url,
        pepper=PEPPER,
        clock=clock,
        settings=BankSettings(pin_cost=CHEAP, rules=()),
        checkpoints=tmp_path / "folder",
    )
    meet(bank, "Maria")
    assert "audit.checkpoint_failed" in caplog.text
    bank.close()


def test_the_checkpoints_are_for_their_owner_only(watched, outside):
    assert outside.stat().st_mode & 0o077 == 0


def test_keys_of_two_purposes_have_nothing_in_common():
    assert derive(PEPPER, "audit chain") != derive(PEPPER, "audit checkpoints")


def test_rows_that_are_written_at_once_through_two_processes_make_one_chain(
    watched, url, clock, outside, open_bank
):
    other = open_bank(url)
    maria = meet(watched, "Maria")

    def pay(bank, n):
        order = maria.order("0.01", to="Anna Keller")
        bank.propose_transfer(order, call_id="c2", proposal_id=f"r{n}")
        bank.execute_transfer(f"r{n}", customer_id=maria.id, call_id="c2")

    banks = (watched, other)
    threads = [threading.Thread(target=pay, args=(banks[n % 2], n)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = watched.check_audit(read_checkpoints(outside, PEPPER))
    assert report.findings == ()
    assert report.rows == 5 + 1 + 24
    assert report.checkpoints == 5 + 1 + 12
    watched.check()


def test_a_process_killed_between_commit_and_checkpoint_leaves_a_whole_audit(
    watched, outside, maria, monkeypatch
):
    """The row is committed, its checkpoint never written: nothing is amiss, and the next one is."""
    monkeypatch.setattr(watched._desk.audit._checkpoints, "note", lambda *_: None)
    meet(watched, "Maria")
    monkeypatch.undo()
    meet(watched, "Maria")
    report = watched.check_audit(read_checkpoints(outside, PEPPER))
    assert report.findings == ()
    assert report.checkpoints < report.rows


def test_every_deed_that_the_code_does_has_its_name_on_the_list() -> None:
    """Else a scenario could not expect it."""
    files = [path for part in ("dialog", "server") for path in (ROOT / part).rglob("*.py")]
    code = "".join(path.read_text("utf-8") for path in files)
    named = set(re.findall(r'(?:\bDeed|\.note|\bwrite_down)\(\s*"(\w+)"', code))
    kinds = {f"propose_{kind}" for kind in order_kinds(BankSettings())}
    assert named | kinds | {"open_complaint", "open_suggestion"} == DEEDS
