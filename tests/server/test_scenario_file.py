"""The scenario file: what may be written in it, and what a mistake is answered with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from dialog.bank.demo import demo_customers
from server.callfiles import CallerAudioError
from server.replay.callers import by_test_voice, caller_turns
from server.replay.judge import judge
from server.replay.reading import ScenarioError
from server.replay.scenario import Scenario, find_scenarios, load_scenario
from voice.pcm import level_dbov

MARIA = demo_customers()[0]
EMPTY = {"customers": [], "transfers": [], "audit": []}


def written(folder: Path, *turns: dict[str, Any], **more: Any) -> Path:
    path = folder / "call.yaml"
    fields = {"name": "call", "about": "A test", "today": "2026-03-16", "turns": list(turns)}
    path.write_text(yaml.safe_dump(fields | more, sort_keys=False))
    return path


def spoken(n: int, **more: Any) -> dict[str, Any]:
    """A turn as it comes from a voice call."""
    felt = {"response_latency_ms": 600.0, "yield_ms": None, "cleared": False, "span": (0, 1, 2)}
    told = {"n": n, "heard": "", "intents": [], "entities": [], "said": "", "action": "ask"}
    return told | felt | more


def mismatches(scenario: Scenario, record: dict[str, Any], **books: Any) -> list[str]:
    verdict = judge(scenario, [record], "hangup", EMPTY, EMPTY | books, lambda a, b: float(a == b))
    return [str(mismatch) for mismatch in verdict.mismatches]


def of_one(folder: Path, **turn: Any) -> Scenario:
    return load_scenario(written(folder, turn))


def test_the_banks_fixture_is_at_hand(tmp_path):
    path = written(
        tmp_path,
        {"keys": "${maria.number}#"},
        {"say": "${maria.pin|spoken}", "expect": {"said_contains": ["${maria.checking.balance}"]}},
        {"say": "send it to ${payee}"},
        let={"payee": "Anna Keller"},
        expect={"books": {"balances": {"${maria.number}/checking": "1.00"}}},
    )
    scenario = load_scenario(path)
    assert scenario.turns[0].keys == f"{MARIA.number}#"
    assert scenario.turns[1].say == "four eight two one"
    assert scenario.turns[1].expect.said_contains == (str(MARIA.accounts[0].balance),)
    assert scenario.turns[2].say == "send it to Anna Keller"
    assert list(scenario.expect.books.balances) == [f"{MARIA.number}/checking"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - saay: hi\n", r":5: .*saay.*spelling"),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - {say: a, keys: '1'}\n",
            ":5: .*exactly",
        ),
        ("name: a\nabout: b\ntoday: 2026-03-16\n", "the file: .*has turns, or the goal"),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nearlier: {customer: mario}\n",
            ":4: earlier: .*no customer mario",
        ),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\n"
            "earlier: {customer: maria, declined: {to: Sofia Rossi, amount: 9500}}\n",
            ":4: earlier: .*maria pays no Sofia Rossi: give one of",
        ),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nhour: 24\n",
            ":4: hour: .*less than or equal to 23",
        ),
        ("name: a\n  about: b\n", ":2: cannot be read as YAML"),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - keys: ${mario.pin}\n",
            r":5: \$\{mario.pin\} is unknown; did you mean \$\{maria.pin\}",
        ),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - {say: a, pause: 1, barge_in: 1}\n",
            "keep one",
        ),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - {say: a, expect: {yields: false}}\n",
            "say when, with barge_in",
        ),
        (
            "name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - say: a\n    expect: {action: ask}\n"
            "    expect: {}\n",
            ":7: expect stands here twice",
        ),
        ("name: a\nabout: b\ntoday: 2026-03-16\nturns:\n  - say: yes\n", ":5: .*put it in quotes"),
        ("name: Käse\n", "save it as UTF-8"),
        ("name: \0\n", "save it as UTF-8"),
    ],
)
def test_a_mistake_names_file_line_and_cure(tmp_path, text, message):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ScenarioError, match=f"wrong.yaml.*{message}"):
        load_scenario(path)


@pytest.mark.parametrize(
    ("turn", "call", "told"),
    [
        ({"action": "tell_balanse"}, {}, "no action tell_balanse; did you mean tell_balance"),
        ({"intent": "transfr"}, {}, "no intent transfr; did you mean transfer"),
        ({}, {"audit": [{"action": "logn"}]}, "no action in the audit logn; did you mean login"),
        ({}, {"audit_lacks": ["block_crad"]}, "audit block_crad; did you mean block_card"),
    ],
)
def test_what_nothing_is_called_cannot_be_expected(tmp_path, turn, call, told):
    path = written(tmp_path, {"say": "hi", "expect": turn}, expect=call)
    with pytest.raises(ScenarioError, match=rf"call.yaml:\d+: .*{told}"):
        load_scenario(path)


@pytest.mark.parametrize("kind", ["turns: [{say: hi}]", "goal: {customer: maria}"])
def test_a_scenario_with_the_ending_of_gates_is_told_and_not_skipped(tmp_path, kind):
    path = tmp_path / "call.yml"
    path.write_text(f"name: call\nabout: A test\ntoday: 2026-03-16\n{kind}\n")
    with pytest.raises(ScenarioError, match=r"call.yml: .*rename it"):
        find_scenarios(tmp_path)


@pytest.mark.parametrize(
    ("beside", "text"),
    [
        ("gates.yml", "failures: 0\n"),
        ("gates.yaml", "# the shop's\nfailures: 0\n"),
        ("conditions.YAML", "channels: [sip]\n"),
        ("other.yml", "menu: [Käse]\n"),
    ],
)
def test_gates_and_conditions_may_lie_beside_scenarios_of_any_ending(tmp_path, beside, text):
    path = written(tmp_path, {"say": "hi"})
    other = path.with_name("OTHER.YAML")
    other.write_bytes(path.read_bytes())
    (tmp_path / beside).write_text(text, encoding="latin-1")
    assert find_scenarios(tmp_path) == [other, path]


def test_a_recording_in_a_scenarios_place_is_told(tmp_path):
    soundfile.write(tmp_path / "call.wav", np.full((800, 2), -0.5), 8000)
    with pytest.raises(ScenarioError, match=r"call.wav: .*replay import"):
        load_scenario(tmp_path / "call.wav")


def test_a_folder_without_scenarios_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"no scenarios .*\.yaml\) in"):
        find_scenarios(tmp_path)
    (tmp_path / "call.wav").touch()
    with pytest.raises(ScenarioError, match=r"no scenarios .*replay import"):
        find_scenarios(tmp_path)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_the_callers_side_of_a_stereo_recording_is_taken_at_any_rate(tmp_path, rate):
    at = np.arange(rate) / rate
    left, right = 0.3 * np.sin(2 * np.pi * 300 * at), 0.3 * np.sin(2 * np.pi * 1000 * at)
    soundfile.write(tmp_path / "call.wav", np.stack((left, right), axis=1), rate)
    scenario = of_one(tmp_path, wav="call.wav", channel="right")
    (turn,) = caller_turns(scenario, tmp_path)
    assert len(turn.samples) == 8000
    assert np.argmax(np.abs(np.fft.rfft(turn.samples))) == pytest.approx(1000, abs=2)


@pytest.mark.parametrize(
    ("sides", "channel", "cure"),
    [
        (2, None, "say whose side, with channel: left or right"),
        (1, "right", "mono, there is no right; remove channel"),
        (1, "left", "mono, there is no left; remove channel"),
    ],
)
def test_whose_side_a_recording_is_of_is_told_and_not_guessed(tmp_path, sides, channel, cure):
    samples = np.full((8000, sides), 0.3) * np.sign(np.sin(np.arange(8000)))[:, None]
    soundfile.write(tmp_path / "call.wav", samples, 8000)
    scenario = of_one(tmp_path, wav="call.wav", **({"channel": channel} if channel else {}))
    with pytest.raises(CallerAudioError, match=rf"call.wav: .*{cure}"):
        caller_turns(scenario, tmp_path)


def test_words_without_a_recording_are_spoken_by_the_named_voice(tmp_path):
    scenario = load_scenario(
        written(tmp_path, {"say": "good morning"}, {"say": "good morning", "voice": "flite-kal"})
    )
    first, second = caller_turns(scenario, tmp_path, by_test_voice)
    assert level_dbov(first.samples) > -32
    assert not np.array_equal(first.samples, second.samples)


def test_hanging_up_in_the_middle_of_an_answer_is_a_turn(tmp_path):
    (turn,) = caller_turns(of_one(tmp_path, hang_up=True, barge_in=0.8), tmp_path)
    assert (turn.hang_up, turn.barge_in, turn.silence) == (True, 0.8, 0.0)


def test_a_word_heard_wrongly_is_told_when_it_is_one_too_many(tmp_path):
    scenario = of_one(tmp_path, say="send fifty dollars", expect={"heard_within": 0.34})
    assert mismatches(scenario, spoken(1, heard="Send sixty dollars.")) == []
    (told,) = mismatches(scenario, spoken(1, heard="Lend sixty dollars."))
    assert "heard: expected 'send fifty dollars' with at most 34% wrong" in told
    assert "50% wrong" in told


def test_masked_digits_count_as_heard(tmp_path):
    scenario = of_one(tmp_path, say="four zero two one", expect={"heard_within": 0.0})
    assert mismatches(scenario, spoken(1, heard="• • • •")) == []
    assert len(mismatches(scenario, spoken(1, heard="• • •"))) == 1
    assert len(mismatches(scenario, spoken(1, heard="• • • • •"))) == 1


def test_an_answer_that_came_late_or_never_is_told(tmp_path):
    scenario = of_one(tmp_path, say="hello", expect={"said_within_ms": 900})
    assert mismatches(scenario, spoken(1)) == []
    (late,) = mismatches(scenario, spoken(1, response_latency_ms=1000.4))
    assert late == "turn 1: response latency: expected at most 900 ms, got 1000 ms"
    (never,) = mismatches(scenario, spoken(1, response_latency_ms=None))
    assert never.endswith("got none")


def test_a_meaning_is_compared_and_not_the_words(tmp_path):
    scenario = of_one(tmp_path, say="hello", expect={"said_means": ["Good day."]})
    assert mismatches(scenario, spoken(1, said="Good day.")) == []
    (told,) = mismatches(scenario, spoken(1, said="Bye."))
    assert "to mean 'Good day.'" in told


def test_real_meanings_are_told_apart(encoder_dir):
    from server.replay.judge import ALIKE
    from server.replay.meaning import Meaning

    meaning = Meaning(encoder_dir)
    answer = "Your checking account ending in 5318 has $2,450.75. Is there anything else?"
    assert meaning.alike("The balance of the checking account is $2,450.75", answer) > ALIKE
    assert meaning.alike("Your card has been blocked", answer) < ALIKE
    assert meaning.alike("anything", "") < ALIKE


def test_a_row_that_the_audit_lacks_is_told(tmp_path):
    rows = [{"row": n, "action": a, "result": "ok"} for n, a in enumerate(("login", "transfer"))]
    expect = {"audit": [{"action": "login"}, {"action": "transfer"}], "audit_lacks": ["block_card"]}
    scenario = load_scenario(written(tmp_path, {"say": "hi"}, expect=expect))
    assert mismatches(scenario, spoken(1), audit=rows) == []
    (told,) = mismatches(scenario, spoken(1), audit=rows[::-1])
    assert told == "call: audit: expected transfer ok, got transfer ok, login ok"
    blocked = [*rows, {"row": 9, "action": "block_card", "result": "ok"}]
    assert "no block_card" in mismatches(scenario, spoken(1), audit=blocked)[0]


def test_cases_are_counted_exactly(tmp_path):
    scenario = load_scenario(written(tmp_path, {"say": "hi"}, expect={"cases": ["complaint"]}))
    row = {"row": 1, "action": "open_complaint", "result": "ok"}
    assert mismatches(scenario, spoken(1), audit=[row]) == []
    assert mismatches(scenario, spoken(1)) == ["call: cases: expected complaint, got none"]


def test_a_workflow_that_was_not_started_or_not_wanted_is_told(tmp_path):
    scenario = load_scenario(written(tmp_path, {"say": "hi"}, expect={"workflows": ["call_back"]}))
    assert mismatches(scenario, spoken(1), workflows=["call_back:7"]) == []
    (told,) = mismatches(scenario, spoken(1), workflows=["call_back:7", "survey:1"])
    assert told == "call: workflows: expected call_back, got call_back, survey"
    assert mismatches(scenario, spoken(1)) == ["call: workflows: expected call_back, got none"]
    with pytest.raises(ScenarioError, match=r"expect.workflows"):
        load_scenario(written(tmp_path, {"say": "hi"}, expect={"workflows": ["coffee"]}))


def test_a_hand_over_nobody_wanted_is_told(tmp_path):
    scenario = load_scenario(written(tmp_path, {"say": "hi"}, expect={"handed_over": False}))
    verdict = judge(scenario, [spoken(1)], "transfer", EMPTY, EMPTY)
    assert "hand-over: expected to nobody" in str(verdict.mismatches[0])
