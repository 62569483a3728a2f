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
from server.replay.gates import load_gates
from server.replay.hosting import application_for_scenarios, conversations_for_scenarios
from server.replay.meaning import Meaning
from server.replay.run import run_text, run_voice
from server.replay.scenario import find_scenarios
from server.replay.verdict import Verdict, give_verdict
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings

SAMPLES = Path(__file__).parents[2] / "audio_samples"
PIN = demo_customers()[0].pin
SHOWN_IN = (
    "demo",
    "balance",
    "pin-by-keys",
    "leading-zero-pin",
    "lost-card-after-login",
    "ask-for-a-person",
)
"""The recorded calls that are made again with a fault; the others are judged as they are."""


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


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
    if response.action != "confirm_transfer":
        return response
    return replace(whole.hear("yes"), heard=response.heard, understanding=response.understanding)


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
    told["transfers"] = [t | {"to": "Tom Becker"} for t in told["transfers"]]


def still_active(told: dict[str, Any]) -> None:
    for card in told["customers"][0]["cards"]:
        card["status"] = "active"


def unaudited(told: dict[str, Any]) -> None:
    told["audit"] = [row for row in told["audit"] if row["action"] != "transfer"]


def swapped(words: str) -> str:
    return words.replace("Yes", "No")


FAULTS: dict[str, tuple[dict[str, Any], str, int | None, str, str]] = {
    "a wrong currency": (
        said(lambda line: line.replace("$", "€")),
        "demo",
        3,
        "answer",
        "balance pin-by-keys leading-zero-pin lost-card-after-login",
    ),
    "a wrong amount is told": (
        said(lambda line: line.replace("2,450", "2,540")),
        "balance",
        3,
        "answer",
        "pin-by-keys lost-card-after-login",
    ),
    "the PIN is said aloud": (
        said(lambda s: f"{s} {PIN}"),
        "demo",
        3,
        "answer",
        "balance pin-by-keys",
    ),
    "no confirmation": ({"answer": no_question}, "demo", 3, "action", ""),
    "another intent": (
        {"answer": other_intent},
        "balance",
        1,
        "intent",
        "demo pin-by-keys leading-zero-pin lost-card-after-login ask-for-a-person",
    ),
    "an amount is lost": (
        {"answer": no_amount},
        "demo",
        1,
        "entity",
        "pin-by-keys leading-zero-pin lost-card-after-login",
    ),
    "a digit is dropped": (
        {"key": lambda k: k[1:]},
        "pin-by-keys",
        3,
        "action",
        "lost-card-after-login",
    ),
    "a leading zero is dropped": (
        {"hear": lambda w: w.replace("Oh four", "Four")},
        "leading-zero-pin",
        3,
        "action",
        "",
    ),
    "the books are off": (
        books(off_by_ten),
        "demo",
        None,
        "balance of 40217308/checking",
        "balance pin-by-keys",
    ),
    "money moves twice": (books(twice), "demo", None, "transfer", ""),
    "money goes elsewhere": (books(to_another), "demo", None, "transfer", ""),
    "the card still works": (
        books(still_active),
        "lost-card-after-login",
        None,
        "card 40217308/credit",
        "",
    ),
    "nothing is written down": (books(unaudited), "demo", None, "audit", ""),
    "nobody is called to the phone": (
        {"answer": lambda r, _: replace(r, end=None)},
        "ask-for-a-person",
        None,
        "hand-over",
        "demo balance pin-by-keys leading-zero-pin lost-card-after-login",
    ),
    "the words are swapped": ({"hear": swapped}, "demo", 5, "action", "lost-card-after-login"),
}
"""A fault; the call, the turn and the mismatch that it shows in; what other calls it touches."""


Suite = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def suite(understander: Understander, encoder_dir: Path, tmp_path_factory: Any) -> Suite:
    """The records of recorded calls by text, of all of them or of those that are named."""
    converse = conversations_for_scenarios(tmp_path_factory.mktemp("banks"), understander)
    alike = Meaning(encoder_dir).alike

    def run(fault: dict[str, Any], names: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
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

        paths = find_scenarios(SAMPLES)
        chosen = [path for path in paths if names is None or path.parent.name in names]
        return [run_text(path, faulty, alike=alike).json() for path in chosen]

    return run


@pytest.fixture(scope="module")
def clean(suite: Suite) -> list[dict[str, Any]]:
    """Every recorded call without a fault."""
    return suite({})


def given(records: list[dict[str, Any]]) -> Verdict:
    """By the project's own gates."""
    verdict = give_verdict(records, load_gates(SAMPLES / "gates.yml"), {})
    assert sum(gate.held is not None for gate in verdict.gates) >= 4
    return verdict


def test_the_recorded_calls_are_held_by_the_projects_gates(clean):
    verdict = given(clean)
    assert verdict.passed, verdict.lines()
    assert [call["mismatches"] for call in verdict.calls] == [[]] * len(find_scenarios(SAMPLES))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_and_the_finger_points_at_it(name, suite, clean):
    fault, scenario, turn, what, others = FAULTS[name]
    again = suite(fault, SHOWN_IN)
    verdict = given([*again, *(call for call in clean if call["scenario"] not in SHOWN_IN)])
    assert not verdict.passed
    blamed = [
        (call["scenario"], mismatch["turn"], mismatch["what"])
        for call in verdict.calls
        for mismatch in call["mismatches"]
    ]
    assert (scenario, turn, what) in blamed, blamed
    assert {call for call, *_ in blamed} == {scenario, *others.split()}, "no other call is touched"
    broken = [call for call in verdict.calls if not call["passed"]]
    why = "misheard" if {"hear", "key"} & fault.keys() else "dialog"
    assert {cause(call) for call in broken} == {why}


@pytest.mark.slow
def test_a_clean_run_flags_nothing_five_times_in_a_row(suite):
    for _ in range(5):
        verdict = given(suite({}))
        assert verdict.passed, verdict.lines()
        assert all(call["mismatches"] == [] for call in verdict.calls)


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
        (channels_swapped, CPU, (None, "sides of the call"), "swapped sides"),
    ],
    ids=["clean", "late", "clipped", "swapped"],
)
def test_a_fault_of_the_sound_is_caught(fault, costs, finger, why, engines, tmp_path, monkeypatch):
    with fault(monkeypatch):
        record = by_voice("balance", engines, BALANCE, tmp_path, costs=costs)
    verdict = given([record])
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
    verdict = given([record])
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
