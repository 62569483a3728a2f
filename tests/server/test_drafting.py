"""Scenario drafts from real calls."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dialog.bank.demo import demo_customers
from nlu.understander import Understander
from server.errors import ServerError
from server.replay.drafting import draft_from_record, draft_from_recording, voiced
from server.replay.hosting import conversations_for_scenarios
from server.replay.run import run_text
from server.replay.scenario import load_scenario
from tests.server.conftest import sample
from voice.pcm import read_wav
from voice.recogniser import Recogniser

DAY = date(2026, 3, 16)
RATE = 16000
MARIA = demo_customers()[0]


def call(folder: Path) -> Path:
    """Two turns of the caller on the right; the second begins within the assistant's answer."""
    first, second = (read_wav(sample("demo", n))[0] for n in (1, 4))
    answer, rate = read_wav(sample("barge-in", 1))
    assert rate == RATE
    stereo = np.zeros((14 * RATE, 2), np.int16)
    for at, side, sound in ((1.0, 1, first), (6.5, 0, answer), (7.5, 1, second)):
        stereo[int(at * RATE) : int(at * RATE) + len(sound), side] = sound
    path = folder / "call.wav"
    soundfile.write(path, stereo, RATE)
    return path


def test_a_stereo_call_is_cut_into_turns_with_words_and_the_interruption(tmp_path, whisper_dir):
    hear = Recogniser(whisper_dir, device="cpu", threads=1).transcribe
    path, turns = draft_from_recording(
        call(tmp_path), tmp_path / "mine", caller="right", today=DAY, hear=lambda s: hear(s).text
    )
    scenario = load_scenario(path)
    assert turns == len(scenario.turns) == 2
    assert "fifty dollars" in (scenario.turns[0].say or "").replace("$50", "fifty dollars")
    assert scenario.turns[0].barge_in is None
    assert scenario.turns[1].barge_in == pytest.approx(1.0, abs=0.3)
    cut, _ = read_wav(path.parent / "01.wav")
    assert len(cut) / RATE == pytest.approx(len(read_wav(sample("demo", 1))[0]) / RATE, abs=0.5)


def test_a_pause_within_a_sentence_makes_no_second_turn():
    speech, _ = read_wav(sample("demo", 1))
    assert len(voiced(np.concatenate((speech, np.zeros(RATE // 4, np.int16), speech)))) == 1
    assert len(voiced(np.concatenate((speech, np.zeros(2 * RATE, np.int16), speech)))) == 2
    assert voiced(np.zeros(RATE, np.int16)) == []


def test_the_wrong_side_is_told(tmp_path):
    stereo = np.zeros((2 * RATE, 2), np.int16)
    soundfile.write(tmp_path / "quiet.wav", stereo, RATE)
    how = {"caller": "left", "today": DAY, "hear": lambda _: ""}
    with pytest.raises(ServerError, match="nobody speaks on the left side"):
        draft_from_recording(tmp_path / "quiet.wav", tmp_path / "out", **how)
    soundfile.write(tmp_path / "mono.wav", stereo[:, 0], RATE)
    soundfile.write(tmp_path / "three.wav", np.zeros((RATE, 3), np.int16), RATE)
    (tmp_path / "text.wav").write_text("hello")
    wrong = {
        "mono": "mono",
        "three": "3 channels",
        "text": "cannot be read",
        "gone": "no such file",
    }
    for name, told in wrong.items():
        with pytest.raises(ServerError, match=rf"{name}.wav: .*{told}"):
            draft_from_recording(tmp_path / f"{name}.wav", tmp_path / "out", **how)


def test_a_draft_that_somebody_may_have_corrected_is_not_written_over(tmp_path):
    (tmp_path / "scenario.yaml").write_text("name: corrected")
    with pytest.raises(ServerError, match=r"scenario.yaml is there already: name a new folder"):
        draft_from_recording(call(tmp_path), tmp_path, caller="right", today=DAY, hear=str)
    with pytest.raises(ServerError, match="is there already"):
        draft_from_record(tmp_path / "any.jsonl", tmp_path, customer="maria", today=DAY)
    assert (tmp_path / "scenario.yaml").read_text() == "name: corrected"


def test_an_empty_record_is_told(tmp_path):
    (tmp_path / "call.jsonl").touch()
    with pytest.raises(ServerError, match="an empty file"):
        draft_from_record(tmp_path / "call.jsonl", tmp_path, customer="maria", today=DAY)


def test_a_live_calls_record_becomes_a_scenario_that_passes(tmp_path, encoder_dir):
    from server.call.events import heard_event, listening_event, said_event
    from server.explaining import decided_event
    from server.records import CallRecord, sealed_path

    home = tmp_path / "banks"
    home.mkdir()
    converse = conversations_for_scenarios(home, Understander(encoder_dir))
    lived = tmp_path / "lived.yaml"
    lived.write_text(
        f"name: lived\nabout: A call\ntoday: {DAY}\nturns:\n"
        "  - say: how much is in my checking account\n"
        f"  - keys: '{MARIA.number}#'\n  - keys: '{MARIA.pin}#'\n"
    )
    record = CallRecord(tmp_path, "c1", bytes.strip)

    def keep(n, response):
        if n:
            record.add(heard_event(n, response, None, diagnostics=False))
        record.add(decided_event(n, response))
        for line in response.say:
            record.add(said_event(n, line))
        record.add(listening_event(n, response, None, {}, diagnostics=False))

    run_text(lived, converse, on_response=keep)
    record.write()
    kept = sealed_path(tmp_path, "c1")
    path, turns = draft_from_record(kept, tmp_path / "drafted", customer="maria", today=DAY)
    text = path.read_text()
    assert turns == 3
    assert MARIA.pin not in text
    assert MARIA.number not in text
    assert "${maria.pin}#" in text
    again = run_text(path, converse)
    assert again.passed, again.lines()
    assert again.turns[3]["action"] == "tell_balance"


def test_a_customer_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ServerError, match=r"no customer zoe.*maria"):
        draft_from_record(tmp_path / "x.jsonl", tmp_path, customer="zoe", today=DAY)
