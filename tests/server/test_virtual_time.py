"""Calls in virtual time: as fast as the engines, with the same words and the same books."""

import asyncio
import os
import selectors
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket

from server.bench.spelled import symbols
from server.caller import GRID, CallerTurn, place_call
from server.callfiles import call_files
from server.client.connection import FRAME_SECONDS, CallError
from server.client.memory import URL, dialling
from server.engines import Engines
from server.replay.engines import CPU, Costs
from server.replay.hosting import application_for_scenarios, server_for_scenarios
from server.replay.noise import make_noise
from server.replay.results import Replayed
from server.replay.run import run_voice
from server.replay.scenario import Scenario
from server.replay.suite import cases, replay
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings
from voice.pcm import read_wav, write_wav

SAMPLES = Path(__file__).parents[2] / "audio_samples"


def told(result: Replayed) -> list[dict[str, Any]]:
    """What was understood and said, without times."""
    return [
        {
            "heard": symbols(turn["heard"] or ""),
            "intent": [intent["name"] for intent in turn["intents"] or ()][:1],
            "entities": [(entity["type"], entity["value"]) for entity in turn["entities"] or ()],
            "said": turn["said"],
            "action": turn["action"],
        }
        for turn in result.turns
    ]


def test_waiting_takes_no_time_and_its_order_is_kept():
    async def two_sleepers() -> list[tuple[str, float]]:
        seen: list[tuple[str, float]] = []

        async def sleep(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, asyncio.get_running_loop().time()))

        await asyncio.gather(sleep("late", 7200.0), sleep("early", 0.02))
        return seen

    began = time.monotonic()
    assert run_in_virtual_time(two_sleepers()) == [("early", 0.02), ("late", 7200.0)]
    assert time.monotonic() - began < 60


def test_time_stands_still_while_a_thread_works():
    async def work() -> float:
        ticking = asyncio.create_task(asyncio.sleep(30))
        await asyncio.to_thread(time.sleep, 0.05)
        at = asyncio.get_running_loop().time()
        ticking.cancel()
        return at

    assert run_in_virtual_time(work()) == 0.0


async def books_of(call: str, serve: Any) -> tuple[Replayed, list[Any]]:
    """A replayed call, and the books after it."""
    kept: list[Any] = []

    @asynccontextmanager
    async def watched(scenario: Scenario):
        async with serve(scenario) as line:
            yield line
            books = await asyncio.to_thread(line.books)
            kept.append(_without_ids(books))

    path = SAMPLES / call / "scenario.yaml"
    # What answers mean is not compared here, but what was said.
    return await run_voice(path, watched, alike=lambda wanted, answer: 1.0), kept


def _without_ids(books: dict[str, Any]) -> dict[str, Any]:
    """The ids of calls and transfers differ from call to call."""
    transfers = [
        {k: v for k, v in t.items() if k not in ("id", "call_id")} for t in books["transfers"]
    ]
    audit = [[row[k] for k in ("action", "result", "customer", "reason")] for row in books["audit"]]
    return {**books, "transfers": transfers, "audit": audit}


CALLS = ("pin-by-keys", "demo", "barge-in", "transfer-cancelled", "loud-street")


class StretchedLoop(asyncio.SelectorEventLoop):
    """Real time whose second is several of the wall's: sockets, threads and their order stay.

    Beside other work an engine takes several times as long as on a quiet machine, and a call in
    plain real time then shows how busy the machine was, not whether a fast call is as a real one.
    """

    def __init__(self, stretch: float) -> None:
        self._stretch = stretch
        super().__init__(_Stretched(stretch))

    def time(self) -> float:
        return super().time() / self._stretch


class _Stretched(selectors.DefaultSelector):
    def __init__(self, stretch: float) -> None:
        super().__init__()
        self._stretch = stretch

    def select(self, timeout: float | None = None) -> Any:
        return super().select(None if timeout is None else timeout * self._stretch)


def in_real_time(work: Any, stretch: float) -> Any:
    with asyncio.Runner(loop_factory=lambda: StretchedLoop(stretch)) as runner:
        return runner.run(work)


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_fast_call_has_the_words_and_the_books_of_one_in_real_time(call: str, engines: Engines):
    """Engines take the same in both; by TELLERLINE_STRETCH=20 it can be had on a busy machine."""
    stretch = float(os.environ.get("TELLERLINE_STRETCH", "1"))
    fast, fast_books = run_in_virtual_time(
        books_of(call, application_for_scenarios(Settings(), engines))
    )
    real, real_books = in_real_time(
        books_of(call, server_for_scenarios(Settings(), engines, CPU)), stretch
    )
    print(f"{call}: the caller was {real.lateness * 1000:.0f} ms late at worst")
    assert fast.passed, fast.lines()
    assert told(fast) == told(real)
    assert fast.ended == real.ended
    assert fast_books == real_books


def test_a_stretched_second_is_longer_on_the_wall():
    async def sleep() -> float:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(0.01)
        return asyncio.get_running_loop().time() - began

    began = time.monotonic()
    assert in_real_time(sleep(), 10.0) >= 0.01
    assert time.monotonic() - began >= 0.1


def test_the_same_call_twice_is_the_same_to_the_millisecond(engines: Engines):
    serve = application_for_scenarios(Settings(), engines)
    calls = cases([SAMPLES / "balance" / "scenario.yaml"])
    first, second = (
        run_in_virtual_time(replay(calls, by="voice", serve=serve)).results[0] for _ in range(2)
    )
    assert first.passed, first.lines()
    assert first.turns == second.turns


def test_the_words_hang_on_no_machines_speed(engines: Engines):
    """Who waits longer for an answer speaks later, but so that the recogniser gets the same."""
    calls = cases([SAMPLES / "loud-street" / "scenario.yaml"])
    fast, slow = (
        run_in_virtual_time(
            replay(calls, by="voice", serve=application_for_scenarios(Settings(), engines, costs))
        ).results[0]
        for costs in (Costs(hear=0.11, speak=0.03), Costs(hear=0.437, think=0.021, speak=0.157))
    )
    assert slow.seconds > fast.seconds
    assert told(fast) == told(slow)
    for one, other in zip(fast.turns, slow.turns, strict=True):
        places = [round(turn["span"][0] / FRAME_SECONDS) % GRID for turn in (one, other)]
        assert places[0] == places[1], one["n"]


@pytest.mark.slow
def test_a_file_of_ten_minutes_ends_well_without_waiting_for_them(engines: Engines, tmp_path: Path):
    """A question, and then a line that hums for ten minutes: the assistant may give up on it."""
    question, rate = read_wav(SAMPLES / "hours-and-rates" / "01.wav")
    hum = make_noise("hum", 600.0, rate, seed=1) // 8
    hum[: len(question)] += question
    write_wav(tmp_path / "long.wav", hum, rate)
    scenario = Scenario.model_validate(
        {"name": "long", "about": "", "today": "2026-03-16", "turns": [{"silence": 1}]}
    )

    async def call() -> int:
        serve = application_for_scenarios(Settings(silence=3600.0), engines)
        async with serve(scenario) as line:
            return await call_files(
                URL, [tmp_path / "long.wav"], record=tmp_path / "call.wav", dial=line.dial
            )

    assert run_in_virtual_time(call()) == 0
    recorded, rate = read_wav(tmp_path / "call.wav", 0)
    assert len(recorded) / rate > 600


def test_a_server_that_refuses_is_told_without_a_network(engines: Engines):
    app = FastAPI()

    @app.websocket("/v1/call")
    async def refuse(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close(1013)

    async def call() -> None:
        await place_call(URL, [CallerTurn(silence=1)], dial=dialling(app))

    with pytest.raises(CallError, match="closed"):
        run_in_virtual_time(call())
