"""Gates out of clean runs: chance seldom breaks them, and what is worse does."""

import json
import random
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from server.cli.root import app
from server.errors import ServerError
from server.replay.bounds import bounds, failures, gates_file, gates_of, held_out
from server.replay.gates import Gates, check, load_gates

CALLS = 30
SCORE = {"words": 25, "speeches": 4, "asked": 4, "answered": 4, "intents": 2, "intents_right": 2}


def run(seed: int, *, misheard: float = 0.02, late: float = 0.0, broken: float = 0.0) -> list[dict]:
    """A replay of the same calls: a word is misheard now and then, an answer comes in its time."""
    chance = random.Random(seed)
    calls = []
    for n in range(CALLS):
        wrong = sum(chance.random() < misheard for _ in range(SCORE["words"]))
        failed = chance.random() < broken
        turn = {
            "n": 1,
            "response_latency_ms": 600 + 5 * n + chance.gauss(0, 8) + late,
            "score": SCORE | {"word_errors": wrong},
        }
        calls.append(
            {
                "name": str(n),
                "scenario": str(n),
                "condition": "clean",
                "wire": "websocket",
                "tags": [],
                "passed": not failed,
                "ended": "goodbye",
                "mismatches": [{"turn": None}] if failed else [],
                "turns": [turn],
            }
        )
    return calls


CLEAN = [run(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def gates() -> Gates:
    return gates_of(CLEAN)


def broken(gates: Gates, after: list[dict]) -> set[str]:
    return {gate.name for gate in check(gates, after, ()) if not gate.held}


def test_other_clean_runs_hold_what_six_have_made(gates):
    alarms = [seed for seed in range(100, 140) if broken(gates, run(seed))]
    assert len(alarms) <= 2  # some ten gates, each of a chance of a thousandth


@pytest.mark.parametrize(
    ("fault", "gate"),
    [
        ({"late": 100.0}, "response latency p50"),
        ({"misheard": 0.08}, "word error"),
        ({"broken": 0.4}, "failures"),
        ({"broken": 0.4}, "task success"),
    ],
)
def test_what_is_worse_breaks_them(fault, gate, gates):
    assert all(gate in broken(gates, run(seed, **fault)) for seed in range(100, 103))


def test_each_run_holds_the_gates_of_the_others_and_a_worse_one_does_not():
    assert held_out(CLEAN[:4]) == [[]] * 4
    odd = held_out([*CLEAN[:3], run(7, late=400.0)])  # few runs tell only what is far off
    assert odd[:-1] == [[]] * 3
    assert any("latency" in gate for gate in odd[-1])


def test_the_file_is_one_of_gates_with_what_was_seen_beside_it(tmp_path: Path, gates):
    text = gates_file(CLEAN)
    (tmp_path / "gates.yml").write_text(text)
    assert load_gates(tmp_path / "gates.yml") == gates
    assert gates.failures == failures(CLEAN) > 0
    assert "# 0, 0, 0, 0, 0, 0 of 30 calls" in text
    metrics = [gate["metric"] for gate in yaml.safe_load(text)["gates"]]
    assert len(set(metrics)) == len(metrics) == len(gates.gates)


def test_what_nothing_could_break_gets_no_bound(monkeypatch):
    monkeypatch.setitem(SCORE, "intents_right", 0)
    named = [bound.gate.metric for bound in bounds([run(seed, misheard=1.0) for seed in range(3)])]
    assert "intent accuracy" not in named
    assert "word error" not in named
    assert "response rate" in named


def test_one_run_tells_nothing_of_chance():
    with pytest.raises(ServerError, match="three runs or more"):
        bounds(CLEAN[:1])


def reports(folder: Path, runs: list[list[dict]]) -> list[str]:
    """Each run as `replay --report` leaves it."""
    for n, calls in enumerate(runs):
        (folder / str(n)).mkdir(parents=True)
        (folder / str(n) / "verdict.json").write_text('{"versions": {}}')
        lines = "".join(json.dumps(call) + "\n" for call in calls)
        (folder / str(n) / "results.jsonl").write_text(lines)
    return [str(folder / str(n)) for n in range(len(runs))]


def test_gates_are_made_without_the_calls_that_only_confirm(tmp_path):
    confirmed = [
        [*calls, *(call | {"confirms": True, "passed": False} for call in run(90 + n, late=400.0))]
        for n, calls in enumerate(CLEAN)
    ]
    made = CliRunner().invoke(app, ["replay", "gates", *reports(tmp_path, confirmed)])
    assert made.exit_code == 0, made.output
    assert made.stdout == gates_file(CLEAN)


def test_three_runs_make_gates_and_say_that_they_were_not_held_against_each_other(tmp_path):
    made = CliRunner().invoke(app, ["replay", "gates", *reports(tmp_path, CLEAN[:3])])
    assert (made.exit_code, made.stdout) == (0, gates_file(CLEAN[:3]))
    assert "takes four replays" in made.stderr
