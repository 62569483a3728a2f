"""From one turn, as it was spoken and recorded, to the figure that it counts in."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from server.caller import CallLog
from server.client.turns import OpenTurn, TurnRecord
from server.recording import stereo_of
from server.replay.engines import Overheard
from server.replay.metrics import measured
from server.replay.run import scored
from server.replay.scenario import Scenario, Turn
from server.replay.scores import score

RATE = 8000
SAYS = {"intents": [], "entities": [], "heard": "", "said": "", "response_latency_ms": None}


def sound(*stretches: tuple[float, float], seconds: float = 4.0) -> np.ndarray:
    samples = np.zeros(int(seconds * RATE), np.int16)
    for began, until in stretches:
        samples[int(began * RATE) : int(until * RATE)] = 5000
    return samples


def spoken(
    answer: tuple[float, float] | None = (1.5, 2.5),
    *,
    over: tuple[float, float] | None = None,
    kind: Any = "speech",
    ends: int = 1,
    cleared: bool = False,
) -> TurnRecord:
    """A turn from 0.5 to 1 s, measured in its recording; over: an answer that was going on."""
    turn = OpenTurn(1, kind, "", int(0.5 * RATE), RATE)
    turn.take({"type": "turn_started"}, RATE, RATE)
    turn.take({"type": "said", "text": "Good day."}, RATE, int(1.2 * RATE))
    turn.take({"type": "listening"}, 2 * RATE, 2 * RATE)
    turn.voice_ends, turn.stopped = dict.fromkeys(range(ends), 1), cleared
    stretches = [stretch for stretch in (over, answer) if stretch]
    return turn.record(stereo_of(sound((0.5, 1.0)), sound(*stretches)), RATE)


def figure(name: str, turn: Turn, record: TurnRecord | None, raw: str | None = None, **told: Any):
    """A metric's value over a call of this one turn; None where it counts in none."""
    felt = {} if record is None else {"response_latency_ms": record.response_latency_ms}
    over = {} if record is None else {"yield_ms": record.yield_ms}
    line = {"n": 1, **SAYS, **felt, **over, **told}
    line["score"] = score(turn, line, record, raw)
    call = {"turns": [{"n": 0, **SAYS}, line], "mismatches": [], "passed": True, "ended": "hangup"}
    found = {metric.name: metric.value for metric in measured([call])}
    return found.get(name)


SAID = Turn(say="send fifty dollars to Anna Keller")
NUMBER = Turn(say="four zero two one")
MEANT = Turn.model_validate(
    {"say": "a", "expect": {"intent": "balance", "entities": [{"type": "money", "value": "5 USD"}]}}
)
OVER = Turn.model_validate({"say": "stop", "barge_in": 1.0, "expect": {"yields": True}})
BACK = Turn.model_validate({"say": "mm-hm", "barge_in": 1.0, "expect": {"yields": False}})
QUIET = Turn(silence=3.0)


@pytest.mark.parametrize(
    ("name", "turn", "raw", "value"),
    [
        ("word error", SAID, "Send fifty dollars to Anna Keller.", 0.0),
        ("word error", SAID, "Send $50 dollars to Hannah Keller", 1 / 7),
        ("word error", SAID, "", 1.0),
        ("word error", SAID, None, None),
        ("word error", SAID.model_copy(update={"hang_up": True}), "", None),
        ("digit error", NUMBER, "4 0 2 7", 0.25),
        ("digit strings wrong", NUMBER, "4 0 2 7", 1.0),
        ("digit strings wrong", NUMBER, "4021", 0.0),
        ("digit error", SAID, "Send 60 dollars to Anna Keller", None),
    ],
)
def test_words_and_digits_are_counted_as_they_were_heard(name, turn, raw, value):
    assert figure(name, turn, spoken(), raw) == (value and pytest.approx(value))


@pytest.mark.parametrize(
    ("name", "told", "value"),
    [
        ("intent accuracy", {"intents": [{"name": "balance"}, {"name": "transfer"}]}, 1.0),
        ("intent accuracy", {"intents": [{"name": "transfer"}, {"name": "balance"}]}, 0.0),
        ("intent accuracy", {"intents": None}, None),
        ("entity exactness", {"entities": [{"type": "money", "value": "5 usd"}]}, 1.0),
        ("entity exactness", {"entities": [{"type": "money", "value": "15 USD"}]}, 0.0),
    ],
)
def test_what_was_understood_is_held_against_what_is_expected(name, told, value):
    assert figure(name, MEANT, None, **told) == value


@pytest.mark.parametrize(
    ("name", "record", "value"),
    [
        ("response rate", spoken(), 1.0),
        ("response rate", spoken(None), 0.0),
        ("response rate", spoken(kind="keys"), 1.0),
        ("response latency p50", spoken(), 500.0),
        ("response latency p95", spoken(None), None),
        ("agent interrupts user", spoken(), 0.0),
        ("false ends of turn", spoken(), 0.0),
        ("false ends of turn", spoken(ends=3), 1.0),
    ],
)
def test_only_what_sounds_at_the_ear_is_an_answer(name, record, value):
    assert figure(name, SAID, record) == (value and pytest.approx(value, abs=1))


def test_an_answer_before_the_callers_last_sound_cuts_in():
    turn = OpenTurn(1, "speech", "", int(0.5 * RATE), RATE)
    turn.take({"type": "said", "text": "Good day."}, RATE // 2, int(0.7 * RATE))
    record = turn.record(stereo_of(sound((0.5, 1.0)), sound((0.8, 2.0))), RATE)
    assert figure("agent interrupts user", SAID, record) == 1.0
    assert figure("response rate", SAID, record) == 1.0
    assert figure("response latency p50", SAID, record) is None


def test_nobody_owes_an_answer_to_who_hangs_up():
    assert figure("response rate", SAID.model_copy(update={"hang_up": True}), spoken(None)) is None


@pytest.mark.parametrize(
    ("name", "turn", "cleared", "value"),
    [
        ("yield rate", OVER, True, 1.0),
        ("yield rate", OVER, False, 0.0),
        ("yield rate", BACK, False, None),
        ("selectivity", BACK, False, 1.0),
        ("selectivity", BACK, True, 0.0),
        ("selectivity", OVER, True, None),
    ],
)
def test_speech_over_an_answer_must_stop_it_and_an_mm_hm_must_not(name, turn, cleared, value):
    assert figure(name, turn, spoken(over=(0.0, 0.8), cleared=cleared)) == value


def test_yielding_takes_until_the_answers_last_sound():
    record = spoken(over=(0.0, 0.8), cleared=True)
    assert figure("yield latency p50", OVER, record) == pytest.approx(300, abs=1)


@pytest.mark.parametrize(
    ("turn", "heard", "wrong"),
    [
        (SAID, "send fifty dollars to Anna Keller", 0),
        (SAID, "send sixty dollars to Anna Keller", 1),
        (NUMBER, "• • • •", 0),
        (NUMBER, "• • •", 1),
        (Turn(keys="4021#"), "••••", 0),
        (Turn(keys="4021#"), "•••", 1),
        (Turn(keys="1"), "1", 0),
        (Turn(keys="4021#73#"), "••", None),
        (Turn(keys="code"), "••••••", None),
    ],
)
def test_by_text_words_and_keys_are_known_that_came_otherwise(turn, heard, wrong):
    assert score(turn, SAYS | {"heard": heard}, None, None).get("word_errors") == wrong
    assert figure("word error", turn, None, heard=heard) is None, "there are no ears"


def test_words_in_silence_were_made_up():
    record = spoken(None, kind="silence")
    assert figure("words heard in silence", QUIET, record, heard="thank you") == 2.0
    assert figure("words heard in silence", QUIET, record, heard=None) == 0.0


@pytest.mark.parametrize(("kind", "words"), [("speech", 1), ("keys", None)])
def test_a_yes_that_is_keyed_was_not_misheard(kind, words):
    """A patient caller presses the key that stands for the word."""
    record = replace(spoken(kind=kind), again=1, label="yes", heard_at=(1.1,))
    log = CallLog("c", RATE, (), sound(), (record,), "hangup", None, (), 0.0)
    scenario = Scenario.model_validate(
        {"name": "a", "about": "", "today": "2026-03-16", "turns": [{"say": "yes"}]}
    )
    told = scored(scenario, record, log, [Overheard(1.1, "no")], ())
    assert told["score"].get("word_errors") == words
    assert told["score"]["again"] == 1
