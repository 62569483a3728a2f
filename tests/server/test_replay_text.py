"""Replaying a scenario as text: the real understanding, dialog and bank."""

from pathlib import Path

import pytest
import yaml

from dialog.bank.demo import demo_customers
from nlu.understander import Understander
from server.replay.hosting import conversations_for_scenarios
from server.replay.run import run_text
from server.replay.suite import cases, replay

MARIA = demo_customers()[0]
LOGIN = [{"keys": f"{MARIA.number}#"}, {"keys": f"{MARIA.pin}#"}]


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture
def converse(tmp_path: Path, understander: Understander):
    banks = tmp_path / "banks"
    banks.mkdir()
    return conversations_for_scenarios(banks, understander)


def scenario_file(tmp_path: Path, name: str, turns: list[dict], **expect) -> Path:
    fields = {
        "name": name,
        "about": "A test",
        "today": "2026-03-16",
        "caller": {"voice": "none"},
        "turns": turns,
        "expect": expect,
    }
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(fields))
    return path


def replayed(path: Path, converse):
    return run_text(path, converse)


def payment(to: str = "Tom Becker") -> dict:
    return {"source": f"{MARIA.number}/checking", "to": to, "amount": "30.00"}


PAY_TOM = [
    {
        "say": "I want to send thirty dollars to Tom Becker",
        "expect": {
            "intent": "transfer",
            "entities": [{"type": "money", "value": "30.00 USD"}],
            "action": "ask_customer_number",
        },
    },
    *LOGIN,
    {"say": "yes please", "expect": {"intent": "affirm", "action": "transfer_done"}},
]


def test_a_payment_is_made_and_found_in_the_books(tmp_path, converse):
    books = {"transfers": [payment()], "balances": {f"{MARIA.number}/checking": "2420.75"}}
    result = replayed(scenario_file(tmp_path, "pay", PAY_TOM, books=books), converse)
    assert result.passed, result.lines()
    assert [turn["n"] for turn in result.turns] == [0, 1, 2, 3, 4]
    assert MARIA.pin not in str(result.json())
    assert result.ended == "hangup"


def test_a_payment_that_nobody_expected_is_a_mismatch(tmp_path, converse):
    path = scenario_file(tmp_path, "unexpected", PAY_TOM, books={"transfers": [payment("Anna")]})
    words = "\n".join(replayed(path, converse).lines())
    assert f"expected no other transfer, got 30.00 from {MARIA.number}/checking to Tom" in words


async def test_silence_is_asked_about_as_often_as_it_lasts(tmp_path, converse):
    turns = [{"silence": 3}, {"silence": 60}]
    path = scenario_file(tmp_path, "silence", turns, ended="goodbye")
    summary = await replay(cases([path]), by="text", converse=converse)
    (result,) = summary.results
    assert result.passed, result.lines()
    assert result.turns[1]["said"] == ""
    assert result.turns[2]["action"] == "goodbye"
    assert summary.line() == "1 passed, 0 failed"


SIMULATED = Path(__file__).parents[2] / "scenarios" / "simulated"


def test_a_simulated_caller_is_judged_by_what_they_wanted_last(converse):
    result = run_text(SIMULATED / "changing.yaml", converse, chance=2)
    assert result.passed, result.lines()
    said = [turn["heard"] for turn in result.turns[1:]]
    assert any("make it fifty dollars" in words for words in said)
    assert [
        turn["heard"]
        for turn in run_text(SIMULATED / "changing.yaml", converse, chance=2).turns[1:]
    ] == said
