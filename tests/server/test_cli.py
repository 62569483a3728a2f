"""The commands as somebody types them."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """A user of their own, with the prepared models."""
    return os.environ | {
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TELLERLINE_MODELS": str(Settings().models),
        "NO_COLOR": "1",
    }


def tellerline(
    home: dict[str, str], *arguments: str, typed: str = ""
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        env=home,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_tells_every_command(home):
    shown = tellerline(home, "--help").stdout
    for command in ("serve", "call", "chat", "talk", "demo", "replay", "bank", "models"):
        assert command in shown


def test_customers_are_shown_with_their_pins(home):
    people = json.loads(tellerline(home, "bank", "customers", "--json").stdout)["customers"]
    assert {"name": "James Carter", "number": "51082645", "pin": "0472"} in people


def test_a_conversation_in_text_moves_money_in_the_books(home, encoder_dir):
    typed = "\n".join(
        [
            "send fifty dollars to Anna Keller",
            "four oh two one seven three oh eight",
            "/keys 4821",
            "yes please",
            "no thanks, goodbye",
        ]
    )
    run = tellerline(home, "chat", "--json", "--today", "2026-03-16", typed=typed)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stderr
    assert [line["type"] for line in lines] == ["turn"] * (len(lines) - 1) + ["summary"]
    assert lines[-1]["ended"] == "goodbye"
    assert "4821" not in run.stdout
    assert "40217308" not in run.stdout
    books = json.loads(tellerline(home, "bank", "show", "--json").stdout)
    assert [(t["to"], t["amount"]) for t in books["transfers"]] == [("Anna Keller", "50.00")]


def test_reset_brings_the_demo_bank_back(home, encoder_dir):
    tellerline(home, "bank", "show")
    assert tellerline(home, "bank", "reset").returncode == 0
    books = json.loads(tellerline(home, "bank", "show", "--json").stdout)
    assert books["transfers"] == []


@pytest.mark.parametrize("content", [b"", b"this is not audio at all, sorry"])
def test_a_file_that_is_no_audio_is_one_line_and_no_call(home, tmp_path, content):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(content)
    run = tellerline(home, "call", str(bad))
    assert run.returncode == 2
    assert "bad.wav" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert run.stdout == ""


def test_a_missing_file_is_one_line(home):
    run = tellerline(home, "call", "nowhere.wav")
    assert run.returncode == 2
    assert "nowhere.wav" in run.stderr


def test_a_database_that_does_not_answer_is_one_line(home):
    url = "postgresql+psycopg://bank:secret@127.0.0.1:1/bank"
    run = tellerline(home, "--database", url, "bank", "show")
    assert run.returncode == 2
    assert "secret" not in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_a_wrong_setting_is_named(home):
    run = tellerline(home | {"TELLERLINE_PORT": "many"}, "bank", "show")
    assert run.returncode == 2
    assert "port" in run.stderr


def test_a_configured_database_gets_no_demo_customers_by_itself(home, tmp_path):
    url = f"sqlite:///{tmp_path / 'real.db'}"
    books = json.loads(tellerline(home, "--database", url, "bank", "show", "--json").stdout)
    assert books["customers"] == []


def test_an_audit_is_whole_until_somebody_changes_it(home, tmp_path, encoder_dir):
    typed = "balance\n40217308\n/keys 4821\nbye\n"
    tellerline(home, "chat", "--json", "--today", "2026-03-16", typed=typed)
    whole = tellerline(home, "audit", "verify")
    assert (whole.returncode, whole.stdout.strip()) == (0, "1 rows, 1 checkpoints, 0 findings")
    shown = json.loads(tellerline(home, "audit", "show", "--json").stdout)
    assert (shown["action"], shown["result"], len(shown["model"])) == ("login", "ok", 12)
    (file,) = (tmp_path / "data").rglob("demo-bank.db")
    with sqlite3.connect(file) as books:
        books.execute("DROP TRIGGER audit_events_no_delete")
        books.execute("DELETE FROM audit_events")
    cut = tellerline(home, "audit", "verify")
    assert cut.returncode == 1
    assert "row 1 was there and is gone" in cut.stderr
