"""Deliberate faults in the assistant: each breaks the gate, and the finger points at it.

The real dialog, bank and engines run; a fault is put between them and the replay. The clean
assistant is judged by the same scenarios and must never be blamed.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dialog.bank.demo import demo_customers
from dialog.conversation import Conversation
from nlu.understander import Understander
from nlu.understanding import ScoredIntent
from server.call.teller import Teller
from server.client.connection import CallClient
from server.engines import Engines
from server.replay.causes import cause
from server.replay.engines import CPU, ReplayEngines
from server.replay.gates import Gates, load_gates
from server.replay.hosting import application_for_scenarios, conversations_for_scenarios
from server.replay.metrics import measured
from server.replay.run import run_text, run_voice
from server.replay.verdict import Verdict, give_verdict
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings

MARIA, JAMES = demo_customers()[:2]
SAMPLES = Path(__file__).parents[2] / "audio_samples"
LOGIN = [
    {"keys": f"{MARIA.number}#", "expect": {"action": "ask_pin"}},
    {"keys": f"{MARIA.pin}#", "expect": {"said_lacks": [MARIA.pin]}},
]
CHECKING = f"{MARIA.number}/checking"
PAID = {"source": CHECKING, "to": "Tom Becker", "amount": "30.00"}

CALLS: dict[str, dict[str, Any]] = {
    "pay": {
        "turns": [
            {
                "say": "I want to send thirty dollars to Tom Becker",
                "expect": {
                    "intent": "transfer",
                    "entities": [{"type": "money", "value": "30.00 USD"}],
                    "action": "ask_customer_number",
                },
            },
            LOGIN[0],
            {
                "keys": f"{MARIA.pin}#",
                "expect": {
                    "action": "confirm_transfer",
                    "said_contains": ["$30.00", "Tom Becker"],
                    "said_lacks": [MARIA.pin],
                },
            },
            {"say": "yes please", "expect": {"action": "transfer_done"}},
        ],
        "expect": {
            "books": {"transfers": [PAID], "balances": {CHECKING: "2420.75"}},
            "audit": [{"action": "login"}, {"action": "transfer"}],
        },
    },
    "balance": {
        "turns": [
            {"say": "how much is in my checking account", "expect": {"intent": "balance"}},
            LOGIN[0],
            {"keys": f"{MARIA.pin}#", "expect": {"said_contains": ["$2,450.75"]}},
        ],
        "expect": {"books": {"transfers": []}},
    },
    "card": {
        "turns": [
            {"say": "I lost my debit card", "expect": {"intent": "lost_card"}},
            *LOGIN,
            {"say": "yes", "expect": {"action": "card_blocked"}},
        ],
        "expect": {"books": {"cards": {f"{MARIA.number}/debit": "blocked"}}},
    },
    "zero": {
        "turns": [
            {"say": "how much is in my checking account", "expect": {"intent": "balance"}},
            {"keys": f"{JAMES.number}#"},
            {"keys": f"{JAMES.pin}#", "expect": {"action": "tell_balance"}},
        ],
        "expect": {"audit": [{"action": "login"}]},
    },
    "person": {
        "turns": [{"say": "I want to talk to a person", "expect": {"action": "hand_over"}}],
        "expect": {"handed_over": True, "ended": "transfer"},
    },
}


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    written = {}
    for name, fields in CALLS.items():
        written[name] = tmp_path / f"{name}.yaml"
        head = {"name": name, "about": "For faults", "today": "2026-03-16"}
        written[name].write_text(yaml.safe_dump(head | fields))
    return written


class Faulty:
    """A conversation with a fault in what it hears or answers."""

    def __init__(self, whole: Conversation, answer: Any = None, hear: Any = None, key: Any = None):
        self._whole, self._answer = whole, answer or (lambda response, _: response)
        self._hear, self._key = hear or (lambda words: words), key or (lambda keys: keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def open(self) -> Any:
        return self._answer(self._whole.open(), self._whole)

    def hear(self, words: str) -> Any:
        return self._answer(self._whole.hear(self._hear(words)), self._whole)

    def key(self, keys: str) -> Any:
        return self._answer(self._whole.key(self._key(keys)), self._whole)


def said(change: Callable[[str], str]) -> dict[str, Any]:
    return {"answer": lambda r, _: replace(r, say=tuple(change(line) for line in r.say))}


def no_question(response: Any, whole: Conversation) -> Any:
    return whole.hear("yes") if response.action == "confirm_transfer" else response


def other_intent(response: Any, _: Any) -> Any:
    meant = response.understanding
    if meant is None or not meant.intents:
        return response
    wrong = (ScoredIntent("opening_hours", 0.99),)
    return replace(response, understanding=replace(meant, intents=wrong))


def no_amount(response: Any, _: Any) -> Any:
    meant = response.understanding
    if meant is None:
        return response
    return replace(response, understanding=replace(meant, entities=()))


def books(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    return {"books": change}


def off_by_ten(told: dict[str, Any]) -> None:
    for account in told["customers"][0]["accounts"]:
        account["balance"] = str(float(account["balance"]) + 10)


def twice(told: dict[str, Any]) -> None:
    told["transfers"] += [t | {"id": f"{t['id']}-again"} for t in told["transfers"][-1:]]


def to_another(told: dict[str, Any]) -> None:
    told["transfers"] = [t | {"to": "Anna Keller"} for t in told["transfers"]]


def still_active(told: dict[str, Any]) -> None:
    for card in told["customers"][0]["cards"]:
        card["status"] = "active"


def unaudited(told: dict[str, Any]) -> None:
    told["audit"] = [row for row in told["audit"] if row["action"] != "transfer"]


FAULTS: dict[str, tuple[dict[str, Any], str, int | None, str, str]] = {
    "a wrong currency": (
        said(lambda line: line.replace("$", "€")),
        "pay",
        3,
        "answer",
        "balance",
    ),
    "a wrong amount is told": (
        said(lambda line: line.replace("2,450", "2,540")),
        "balance",
        3,
        "answer",
        "",
    ),
    "the PIN is said aloud": (said(lambda s: f"{s} {MARIA.pin}"), "card", 3, "answer", "pay"),
    "no confirmation": ({"answer": no_question}, "pay", 3, "action", ""),
    "another intent": ({"answer": other_intent}, "balance", 1, "intent", "pay card zero"),
    "an amount is lost": ({"answer": no_amount}, "pay", 1, "entity", ""),
    "a digit is dropped": ({"key": lambda k: k[1:]}, "balance", 2, "action", "pay card zero"),
    "a leading zero is dropped": ({"key": lambda k: k.lstrip("0")}, "zero", 3, "action", ""),
    "the books are off": (books(off_by_ten), "pay", None, f"balance of {CHECKING}", ""),
    "money moves twice": (books(twice), "pay", None, "transfer", ""),
    "money goes elsewhere": (books(to_another), "pay", None, "transfer", ""),
    "the card still works": (books(still_active), "card", None, f"card {MARIA.number}/debit", ""),
    "nothing is written down": (books(unaudited), "pay", None, "audit", ""),
    "nobody is called to the phone": (
        {"answer": lambda r, _: replace(r, end=None)},
        "person",
        None,
        "hand-over",
        "",
    ),
    "the words are swapped": (
        {"hear": lambda w: w.replace("yes", "no")},
        "pay",
        4,
        "action",
        "card",
    ),
}
"""A fault; the call, the turn and the mismatch that it shows in; what other calls it touches."""


def judged(files: dict[str, Path], converse: Any, fault: dict[str, Any]) -> Verdict:
    def faulty(scenario: Any) -> Any:
        whole, read = converse(scenario)
        reads = iter((False, True))

        def told() -> Any:
            found = read()
            if next(reads):
                fault.get("books", lambda _: None)(found)
            return found

        parts = {name: change for name, change in fault.items() if name != "books"}
        return Faulty(whole, **parts), told

    records = [run_text(path, faulty).json() for path in files.values()]
    return give_verdict(records, Gates(failures=0), {})


@pytest.fixture
def converse(tmp_path: Path, understander: Understander) -> Any:
    home = tmp_path / "banks"
    home.mkdir()
    return conversations_for_scenarios(home, understander)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_and_the_finger_points_at_it(name, files, converse):
    fault, scenario, turn, what, others = FAULTS[name]
    verdict = judged(files, converse, fault)
    assert not verdict.passed
    blamed = [
        (call["scenario"], mismatch["turn"], mismatch["what"])
        for call in verdict.calls
        for mismatch in call["mismatches"]
    ]
    assert (scenario, turn, what) in blamed, blamed
    assert {call for call, *_ in blamed} == {scenario, *others.split()}, "no other call is touched"
    broken = [call for call in verdict.calls if not call["passed"]]
    assert {cause(call) for call in broken} == {"dialog"}, "every word came right"


@pytest.mark.slow
def test_a_clean_run_flags_nothing_five_times_in_a_row(files, converse):
    for _ in range(5):
        verdict = judged(files, converse, {})
        assert verdict.passed, [call["mismatches"] for call in verdict.calls]
        assert [call["mismatches"] for call in verdict.calls] == [[]] * len(CALLS)


# Faults of the sound, on a recorded call by voice


def by_voice(call: str, engines: Engines, expect: dict[int, dict], tmp_path: Path, **how) -> Any:
    """A recorded call in virtual time, with more expected of some turns."""
    source = SAMPLES / call
    scenario = yaml.safe_load((source / "scenario.yaml").read_text())
    for n, more in expect.items():
        scenario["turns"][n - 1].setdefault("expect", {}).update(more)
    for turn in scenario["turns"]:
        if "wav" in turn:
            turn["wav"] = str(source / turn["wav"])
    path = tmp_path / f"{call}.yaml"
    path.write_text(yaml.safe_dump(scenario))
    serve = application_for_scenarios(Settings(), engines, how.get("costs", CPU))
    return run_in_virtual_time(run_voice(path, serve)).json()


def blamed(record: dict[str, Any]) -> set[tuple[int | None, str]]:
    return {(mismatch["turn"], mismatch["what"]) for mismatch in record["mismatches"]}


def given(record: dict[str, Any]) -> Verdict:
    """By the project's own gates, as far as one call has anything to say on them."""
    gates, measured_ = load_gates(SAMPLES / "gates.yml"), {m.name for m in measured([record])}
    mine = tuple(gate for gate in gates.gates if gate.metric in measured_)
    assert len(mine) > 5
    return give_verdict([record], gates.model_copy(update={"gates": mine}), {})


SYLLABLE = 4000
"""Samples at 16 kHz: a quarter of a second."""
BALANCE = {1: {"heard_within": 0.2, "said_within_ms": 900}}


@contextmanager
def nothing(_: Any):
    yield


@contextmanager
def first_syllable_clipped(monkeypatch: Any):
    whole = ReplayEngines.transcribe

    async def clipped(self: Any, audio: np.ndarray, **how: Any) -> Any:
        onset = int(np.argmax(np.abs(audio) > 0.1 * np.abs(audio).max()))
        return await whole(self, audio[onset + SYLLABLE :], **how)

    monkeypatch.setattr(ReplayEngines, "transcribe", clipped)
    yield


@contextmanager
def channels_swapped(monkeypatch: Any):
    from server import caller

    whole = caller.stereo_of
    monkeypatch.setattr(caller, "stereo_of", lambda left, right: whole(right, left))
    yield


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "costs", "finger", "why"),
    [
        (nothing, CPU, None, ""),
        (nothing, replace(CPU, think=CPU.think + 0.4), (1, "response latency"), "late or silent"),
        (first_syllable_clipped, CPU, (1, "heard"), "misheard"),
        (channels_swapped, CPU, (1, "response latency"), "late or silent"),
    ],
    ids=["clean", "late", "clipped", "swapped"],
)
def test_a_fault_of_the_sound_is_caught(fault, costs, finger, why, engines, tmp_path, monkeypatch):
    with fault(monkeypatch):
        record = by_voice("balance", engines, BALANCE, tmp_path, costs=costs)
    verdict = given(record)
    if finger is None:
        assert record["passed"], record["mismatches"]
        assert verdict.passed, verdict.lines()
    else:
        assert finger in blamed(record)
        assert cause(record) == why
        assert not verdict.passed, verdict.lines()


@pytest.mark.slow
@pytest.mark.parametrize("deaf", [False, True])
def test_an_assistant_that_talks_on_is_caught(deaf, engines, tmp_path, monkeypatch):
    if deaf:
        monkeypatch.setattr(Teller, "_interrupt", lambda self: _nothing())
        monkeypatch.setattr(CallClient, "_obey", _without_clear(CallClient._obey))
    expect = {4: {"yields_within_ms": 600, "yields": True}}
    record = by_voice("barge-in", engines, expect, tmp_path)
    verdict = given(record)
    if deaf:
        assert (4, "speaking over the answer") in blamed(record)
        assert cause(record) == "turn taking"
        assert "yield rate" in [gate.name for gate in verdict.gates if gate.broken]
    else:
        assert record["passed"], record["mismatches"]
        assert verdict.passed, verdict.lines()


async def _nothing() -> None:
    pass


def _without_clear(obey: Any) -> Any:
    async def heedless(self: Any, message: dict[str, Any]) -> Any:
        return None if message["type"] == "clear" else await obey(self, message)

    return heedless
