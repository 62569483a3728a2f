"""The benches at work on the real assistant, briefly: nothing here is timed."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from server.bench.barge_in import SPEECH, measure_barge_in, trials
from server.bench.barge_in_report import barge_in_report
from server.bench.calls import SAMPLES, heard_rightly, recorded_calls
from server.bench.host import Host
from server.bench.hosted import Line, assistant
from server.bench.load import measure_load
from server.bench.load_report import load_report
from server.bench.turns import measure_turns, turns_report
from server.bench.virtual import VirtualAssistant
from server.errors import ServerError
from server.replay.engines import CPU
from server.replay.hosting import conversations_for_scenarios
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings


class HereAssistant:
    """The host without its process: the engines are there already."""

    def __init__(self, engines):
        self.host = Host(Settings(), engines)

    @asynccontextmanager
    async def serving(self, today, max_calls=None):
        order = {"do": "open", "today": str(today), "max_calls": max_calls}
        url = (await self.host.obey(order))["url"]
        yield Line(url)
        await self.host.obey({"do": "close", "url": url})

    async def lag(self):
        return await self.host.obey({"do": "lag"})


def virtual(engines):
    return VirtualAssistant(Settings(), engines, CPU)


def test_every_sentence_with_a_pause_is_counted(engines):
    calls = recorded_calls(SAMPLES / "hours-and-rates")
    turns = run_in_virtual_time(measure_turns(calls, virtual(engines)))
    assert len(turns) == 3
    assert all(turn.answered for turn in turns)
    told = turns_report(turns).json()
    assert sum(told["parts_ms"].values()) == pytest.approx(told["p50_ms"], abs=30)


def test_speech_over_the_greeting_is_measured_in_the_recording(engines):
    calls = recorded_calls(SAMPLES / "hours-and-rates")

    async def measured():
        async with virtual(engines).serving(calls[0].scenario.today) as line:
            return await measure_barge_in(trials(calls, 1, seed=1), line)

    (speech, cough), _ = run_in_virtual_time(measured())
    assert (speech.kind, cough.kind) == (SPEECH, "cough")
    assert speech.yielded
    assert cough.ignored
    assert barge_in_report([speech, cough]).json()["yield_rate"] == 1.0


@pytest.fixture(scope="module")
def levels(engines):
    calls = recorded_calls(SAMPLES / "hours-and-rates")

    async def run():
        host = HereAssistant(engines)
        watching = asyncio.create_task(host.host.lag.watch())
        found = await measure_load(calls, host, (1,), seconds=5.0)
        watching.cancel()
        return found

    return asyncio.run(run())


@pytest.mark.slow
def test_the_call_after_the_last_that_fits_is_refused(levels):
    (level,) = levels
    assert level.calls == 1
    assert level.next_refused
    assert level.refused == 0
    assert level.turns >= 3
    assert level.lag["n"] > 100


@pytest.mark.slow
def test_the_parts_of_calls_at_once_add_up(levels):
    told = load_report(levels).json()
    assert sum(told["parts_ms"].values()) == pytest.approx(told["p50_ms"], abs=30)


def test_words_heard_wrong_are_not_right(engines, tmp_path):
    (call,) = recorded_calls(SAMPLES / "balance")
    made = 0

    def conversation():
        nonlocal made
        made += 1
        home = tmp_path / str(made)
        home.mkdir()
        return conversations_for_scenarios(home, engines.understander)(call.scenario)[0]

    assert heard_rightly(call.scenario, 2, "4021-7308.", conversation)
    assert not heard_rightly(call.scenario, 2, "421-7308.", conversation)
    assert not heard_rightly(call.scenario, 1, "Goodbye.", conversation)
    assert not heard_rightly(call.scenario, 1, " ", conversation)


@pytest.fixture(scope="module")
def commanded(tmp_path_factory):
    """`tellerline bench latency` as somebody types it, in an empty folder."""
    folder = tmp_path_factory.mktemp("bench")
    options = ("--recorded", str(SAMPLES / "hours-and-rates"), "--json")
    run = subprocess.run(
        [sys.executable, "-m", "server.cli", "bench", "latency", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(SAMPLES.parent), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return run, folder


def test_the_last_line_is_one_object_and_a_picture_is_left(commanded):
    run, folder = commanded
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["bench"] == "latency"
    assert told["turns"] == 3
    assert 1 <= told["n"] <= 3
    assert (folder / "out" / "bench-latency.png").read_bytes().startswith(b"\x89PNG")


def test_the_named_parts_are_what_the_caller_waited(commanded):
    told = json.loads(commanded[0].stdout.splitlines()[-1])
    named = set(told["parts_ms"])
    assert named >= {"voice_tail", "endpointing", "decision", "synthesis", "wire", "lead_in"}
    assert told["parts_worst_gap_ms"] <= 20
    assert sum(told["parts_ms"].values()) == pytest.approx(told["p50_ms"], abs=20)


def test_a_folder_without_calls_is_one_line(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "server.cli", "bench", "turns", "--recorded", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1
    assert "no scenarios" in run.stderr


async def test_an_assistant_that_does_not_start_is_told_in_one_line(tmp_path, capfd):
    missing = tmp_path / "missing.toml"
    with pytest.raises(ServerError, match="the assistant's process has ended"):
        async with assistant(missing):
            pass
    told = capfd.readouterr().err
    assert "missing.toml" in told
    assert "Traceback" not in told


async def test_an_order_that_the_host_does_not_know_is_an_error(engines):
    assert "unknown" in (await Host(Settings(), engines).obey({"do": "dance"}))["error"]
