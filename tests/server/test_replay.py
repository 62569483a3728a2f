"""Replaying scenarios: by voice over a real socket, by text with the real dialog and bank."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml
from scripted_server import Script, scripted, tone

from server.recording import stereo_of
from server.replay.callers import caller_turns, words_of
from server.replay.causes import cause
from server.replay.degrade import CLEAN, Condition
from server.replay.matrix import Matrix
from server.replay.reading import ScenarioError
from server.replay.run import Served, run_voice
from server.replay.scenario import load_scenario
from server.replay.suite import cases, drawn, replay

ACCOUNTS = [{"kind": "checking", "last4": "1111", "currency": "USD", "balance": "10.00"}]
CUSTOMER = {"number": "40217308", "name": "M", "accounts": ACCOUNTS, "cards": [], "payees": []}
BOOKS = {"customers": [CUSTOMER], "transfers": [], "journal_entries": 1}

SPOKEN = {
    "say": "What is my balance?",
    "wav": "01.wav",
    "expect": {"intent": "balance", "action": "clarify", "said_contains": ["answer 1"]},
}


def scenario_file(folder: Path, turns: list[dict] | None = None, **more) -> Path:
    folder.mkdir()
    sf.write(folder / "01.wav", tone(0.2, 16000, 300.0), 16000)
    fields = {
        "name": folder.name,
        "about": "A test",
        "today": "2026-03-16",
        "caller": {"voice": "tone", "sample_rate": 8000, "encoding": "ulaw"},
        "turns": turns or [SPOKEN],
        "expect": {"ended": "hangup", "books": {"balances": {"40217308/checking": "10.00"}}},
    }
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(fields | more))
    return path


def served(script: Script | None = None):
    @asynccontextmanager
    async def serve(_scenario):
        async with scripted(script or Script()) as (url, _):
            yield Served(url, lambda: BOOKS)

    return serve


async def test_a_scenario_goes_over_the_wire_it_names_and_is_judged(tmp_path):
    path = scenario_file(tmp_path / "plain")
    result = await run_voice(path, served(), record=tmp_path / "plain.wav")
    assert result.passed, result.lines()
    assert result.turns[1]["response_latency_ms"] >= 399
    samples, rate = sf.read(tmp_path / "plain.wav")
    assert (rate, samples.shape[1]) == (8000, 2)
    assert result.json()["recording"] == str(tmp_path / "plain.wav")


async def test_a_call_hears_only_the_callers_side_of_a_stereo_recording(tmp_path):
    path = scenario_file(tmp_path / "sides", turns=[SPOKEN | {"channel": "right"}])
    sides = [tone(0.5, 48000, hertz) for hertz in (700.0, 300.0)]
    sf.write(path.parent / "01.wav", np.stack(sides, axis=1), 48000)
    result = await run_voice(path, served(), record=tmp_path / "call.wav")
    assert result.passed, result.lines()
    caller, rate = sf.read(tmp_path / "call.wav")
    loudness = np.abs(np.fft.rfft(caller[:, 0], n=rate))
    assert loudness[300] > 100 * loudness[700]


async def test_sides_that_are_swapped_are_named(tmp_path, monkeypatch):
    path = scenario_file(tmp_path / "plain", turns=[SPOKEN, SPOKEN | {"barge_in": 0.05}])
    fine = (await run_voice(path, served())).json()
    assert "sides of the call" not in {mismatch["what"] for mismatch in fine["mismatches"]}
    monkeypatch.setattr("server.caller.stereo_of", lambda left, right: stereo_of(right, left))
    call = (await run_voice(path, served())).json()
    assert "sides of the call" in {mismatch["what"] for mismatch in call["mismatches"]}
    assert cause(call) == "swapped sides"


async def test_every_kind_of_turn_becomes_a_caller_turn(tmp_path):
    turns = [SPOKEN, {"keys": "4821#"}, {"silence": 2.5}, SPOKEN | {"barge_in": 0.5, "expect": {}}]
    path = scenario_file(tmp_path / "kinds", turns=[*turns, {"keys": "1", "hang_up": True}])
    spoken, keys, silence, over, last = caller_turns(load_scenario(path), path.parent)
    assert spoken.samples.shape == (1600,)
    assert spoken.label == "What is my balance?"
    assert (keys.keys, silence.silence) == ("4821#", 2.5)
    assert over.barge_in == 0.5
    assert last.hang_up


async def test_scenarios_run_side_by_side_and_are_summed_up(tmp_path):
    wrong = SPOKEN | {"expect": {"action": "transfer_done"}}
    good = scenario_file(tmp_path / "good")
    bad = scenario_file(tmp_path / "bad", turns=[wrong])
    broken = tmp_path / "broken" / "scenario.yaml"
    told: list[str] = []
    began = asyncio.get_running_loop().time()
    summary = await replay(
        cases([good, bad, broken]),
        by="voice",
        concurrency=3,
        serve=served(),
        on_result=lambda result: told.append(result.verdict.scenario),
        recordings=tmp_path / "out",
    )
    assert asyncio.get_running_loop().time() - began < 6.0
    assert sorted(told) == ["bad", "broken", "good"]
    assert [result.passed for result in summary.results] == [True, False, False]
    assert (summary.passed, summary.failed, summary.timed_turns) == (1, 2, 2)
    assert summary.line().startswith("1 passed, 2 failed; response latency p50 ")
    assert "turn 1: action: expected transfer_done, got clarify" in "\n".join(
        summary.results[1].lines()
    )
    assert "cannot be read" in "\n".join(summary.results[2].lines())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bad.wav", "good.wav"]


async def test_json_lines_hold_the_verdict_the_turns_and_the_latency(tmp_path):
    path = scenario_file(tmp_path / "lost-call")
    summary = await replay(cases([path]), by="voice", serve=served(Script(stop="drop")))
    (result,) = summary.results
    line = json.loads(json.dumps(result.json()))
    assert line["type"] == "scenario"
    assert line["passed"] is False
    assert line["ended"] == "lost"
    assert {"turn": None, "what": "end", "expected": "hangup", "got": "lost"} in line["mismatches"]
    assert [turn["n"] for turn in line["turns"]] == [0, 1]
    total = json.loads(json.dumps(summary.json()))
    assert (total["type"], total["scenarios"], total["failed"]) == ("summary", 1, 1)


async def test_a_call_that_fails_is_made_again_where_wanted_and_one_that_passes_is_not(tmp_path):
    good = scenario_file(tmp_path / "good")
    bad = scenario_file(tmp_path / "bad", expect={"ended": "transfer"})
    summary = await replay(cases([good, bad]), by="voice", serve=served(), confirm=2, concurrency=4)
    told = [(result.name, result.confirms) for result in summary.results]
    assert told == [("good", ""), ("bad", ""), ("bad@2", "bad"), ("bad@3", "bad")]
    assert summary.line().startswith("1 passed, 1 failed; ")
    total = summary.json()
    assert (total["scenarios"], total["passed"], total["failed"], total["turns"]) == (2, 1, 1, 2)


async def test_a_server_that_refuses_fails_the_scenario_and_not_the_replay(tmp_path):
    path = scenario_file(tmp_path / "refused", tags=["odd"])
    summary = await replay(cases([path]), by="voice", serve=served(Script(refuse="busy")))
    assert summary.failed == 1
    (result,) = summary.results
    assert "busy: all lines are taken" in "\n".join(result.lines())
    assert (result.tags, result.about, result.recording) == (("odd",), "A test", None)


async def test_a_call_in_which_nothing_was_heard_has_heard_every_word_wrongly(tmp_path):
    path = scenario_file(tmp_path / "deaf")

    @asynccontextmanager
    async def serve(_scenario):
        async with scripted(Script()) as (url, _):
            yield Served(url, lambda: BOOKS, overheard=tuple)

    deaf, foreign = await run_voice(path, serve), await run_voice(path, served())
    assert deaf.turns[1]["score"]["word_errors"] == deaf.turns[1]["score"]["words"] == 4
    assert "words" not in foreign.turns[1]["score"]


async def test_a_told_secret_is_not_in_the_recording(tmp_path):
    path = scenario_file(tmp_path / "secret", turns=[SPOKEN | {"expect": {}}])
    loud = []
    for heard in ("hello", "• • • •"):
        await run_voice(path, served(Script(heard={1: heard})), record=tmp_path / "call.wav")
        loud.append(bool(np.abs(sf.read(tmp_path / "call.wav")[0][:, 0]).max() > 0.05))
    assert loud == [True, False]


async def test_a_turn_without_a_recording_is_said_by_the_given_voice(tmp_path):
    path = scenario_file(tmp_path / "said", turns=[{"say": "hello"}])
    scenario = load_scenario(path)
    with pytest.raises(ScenarioError, match=r"said: turn 1 has no recording"):
        caller_turns(scenario, path.parent)
    said: list[tuple[str, int]] = []

    def speak(scenario, n):
        said.append((scenario.turns[n - 1].say, scenario.caller.sample_rate))
        return np.ones(8000, np.int16)

    (turn,) = caller_turns(scenario, path.parent, speak)
    assert said == [("hello", 8000)]
    assert len(turn.samples) == 8000


async def test_a_matrix_is_every_condition_over_every_channel(tmp_path):
    path = scenario_file(tmp_path / "plain")
    matrix = Matrix.model_validate(
        {
            "conditions": [{"name": "clean"}, {"name": "far", "gain_db": -12, "echo_db": -30}],
            "channels": ["websocket", "pcm16-16k"],
        }
    )
    hellos: list[tuple[int, str]] = []

    @asynccontextmanager
    async def serve(_scenario):
        async with scripted(Script()) as (url, seen):
            yield Served(url, lambda: BOOKS)
            hellos.append((seen.hello["sample_rate"], seen.hello["encoding"]))

    chosen = cases([path], matrix, repeat=1)
    assert [case.name for case in chosen] == [
        "plain",
        "plain@pcm16-16k",
        "plain@far",
        "plain@far@pcm16-16k",
    ]
    summary = await replay(chosen, by="voice", concurrency=4, serve=serve)
    assert summary.failed == 0, [result.lines() for result in summary.results]
    assert sorted(hellos) == [(8000, "ulaw"), (8000, "ulaw"), (16000, "pcm16"), (16000, "pcm16")]
    told = [(result.condition, result.wire) for result in summary.results]
    assert told[-1] == ("far", "pcm16-16k")


async def test_a_condition_reaches_the_sound_of_every_turn_and_a_repetition_draws_anew(tmp_path):
    path = scenario_file(tmp_path / "lossy", turns=[SPOKEN, SPOKEN])
    scenario, lossy = load_scenario(path), Condition(name="lossy", loss=0.4, burst=2)
    clean, first, again, other = (
        [turn.samples for turn in caller_turns(scenario, path.parent, None, condition, repetition)]
        for condition, repetition in ((CLEAN, 1), (lossy, 1), (lossy, 1), (lossy, 2))
    )
    assert all(not np.array_equal(a, b) for a, b in zip(clean, first, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_draw_has_some_of_every_folder_and_the_same_ones_for_its_seed():
    paths = [Path(folder, f"{n}.yaml") for folder in ("one", "many") for n in range(20)][19:]
    first = drawn(paths, 2, seed=1)
    assert [path.parent.name for path in first] == ["one", "many", "many"]
    assert drawn(paths, 2, seed=1) == first
    assert len({tuple(drawn(paths, 2, seed)) for seed in range(10)}) > 5


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("send 25 dollars to Sofia", "send twenty five dollars to Sofia"),
        ("it's 63900578", "it's six three nine zero, zero five seven eight"),
        ("¿Cuál es mi saldo?", "¿Cuál es mi saldo?"),
    ],
)
def test_a_test_voice_is_given_figures_in_words(written, spoken):
    assert words_of(written) == spoken


def test_files_of_one_name_in_two_folders_are_two_calls():
    calls = cases([Path("late/yes.yaml"), Path("early/yes.yaml"), Path("demo/scenario.yaml")])
    assert [call.name for call in calls] == ["late-yes", "early-yes", "demo"]
    with pytest.raises(ScenarioError, match="one name"):
        cases([Path("a/late/yes.yaml"), Path("b/late/yes.yaml")])
