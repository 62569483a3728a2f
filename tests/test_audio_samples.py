"""The recorded calls are complete: every spoken turn has a recording that can be used."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from server.replay.scenario import Caller, Scenario, find_scenarios, load_scenario
from server.replay.telephone import LEVEL_DBOV, recording
from voice.pcm import level_dbov, read_wav

ROOT = Path(__file__).parents[1] / "audio_samples"
FOLDERS = [path.parent for path in find_scenarios(ROOT)]
SPOKEN = [
    pytest.param(folder, number, id=f"{folder.name}/{number}")
    for folder in FOLDERS
    for number, turn in enumerate(load_scenario(folder / "scenario.yaml").turns, start=1)
    if turn.say is not None
]


def scenario_in(folder: Path) -> Scenario:
    return load_scenario(folder / "scenario.yaml")


def test_there_are_enough_calls_voices_and_both_rates() -> None:
    callers = [scenario_in(folder).caller for folder in FOLDERS]
    assert len(callers) >= 16
    assert len({caller.voice for caller in callers}) >= 4
    narrow = sum(caller.sample_rate == 8000 for caller in callers)
    assert 0.5 < narrow / len(callers) < 0.85
    assert {caller.noise for caller in callers} == {None, "street", "babble", "hum"}


def test_a_call_is_named_like_its_folder_and_names_are_unique() -> None:
    names = Counter(scenario_in(folder).name for folder in FOLDERS)
    assert set(names) == {folder.name for folder in FOLDERS}
    assert max(names.values()) == 1


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_call_has_three_to_seven_turns_and_expects_something(folder: Path) -> None:
    scenario = scenario_in(folder)
    assert 3 <= len(scenario.turns) <= 7
    assert scenario.expect.ended is not None
    assert scenario.expect.books.transfers is not None
    assert any(turn.expect.action for turn in scenario.turns)


@pytest.mark.parametrize(("folder", "number"), SPOKEN)
def test_a_spoken_turn_has_a_recording_that_is_neither_silent_nor_clipped(
    folder: Path, number: int
) -> None:
    scenario = scenario_in(folder)
    turn = scenario.turns[number - 1]
    assert turn.wav == f"{number:02d}.wav"
    samples, rate = read_wav(folder / turn.wav)
    assert rate == scenario.caller.sample_rate
    assert 0.4 < len(samples) / rate < 9.0
    assert -32 < level_dbov(samples) < -18
    assert np.max(np.abs(samples.astype(np.int32))) < 32600


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_recording_lies_beside_a_scenario_that_does_not_play_it(folder: Path) -> None:
    played = {turn.wav for turn in scenario_in(folder).turns if turn.wav}
    assert {path.name for path in folder.glob("*.wav")} == played


def test_all_recordings_together_are_small_enough_to_be_kept_with_the_code() -> None:
    assert sum(path.stat().st_size for path in ROOT.rglob("*.wav")) < 15_000_000


def test_a_telephone_recording_keeps_the_band_and_the_level_of_active_speech() -> None:
    at = np.arange(24000) / 24000
    low, middle = np.sin(2 * np.pi * 60 * at), np.sin(2 * np.pi * 1000 * at)
    caller = Caller(voice="kokoro-kumo", sample_rate=8000, encoding="ulaw")
    heard = recording((0.5 * low + 0.05 * middle).astype(np.float32), 24000, caller)
    spectrum = np.abs(np.fft.rfft(heard.astype(float)))
    frequency = np.fft.rfftfreq(len(heard), 1 / 8000)
    assert frequency[np.argmax(spectrum)] == pytest.approx(1000, abs=3)
    assert spectrum[frequency < 100].max() < spectrum.max() / 10
    assert level_dbov(heard[2000:-2000]) == pytest.approx(LEVEL_DBOV, abs=0.7)
