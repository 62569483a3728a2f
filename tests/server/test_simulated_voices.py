"""Simulated callers by voice: they reach their goal, or leave the books as they were."""

import asyncio
import zlib
from decimal import Decimal
from typing import Any

import pytest

from server.caller import CallLog, place_call
from server.engines import Engines
from server.replay.hosting import application_for_scenarios
from server.replay.scenario import Caller, Scenario
from server.replay.simulated import PERSONALITIES, Goal, SimulatedCaller, draw_goal
from server.replay.telephone import recording
from server.replay.virtual_time import run_in_virtual_time
from server.replay.voices import RATE, speak
from server.settings import Settings
from voice.pcm import Samples

LINE = 8000
ANY = Scenario.model_validate(
    {"name": "any", "about": "", "today": "2026-03-16", "turns": [{"silence": 1}]}
)


def voice(words: str) -> Samples:
    return recording(speak(words, "flite-slt"), RATE, Caller(sample_rate=LINE))


def caller(name: str, seed: int, goal: Goal | None = None) -> SimulatedCaller:
    return SimulatedCaller(goal or draw_goal(seed), PERSONALITIES[name], voice, LINE, seed)


def called(who: SimulatedCaller, engines: Engines) -> tuple[CallLog, list[dict[str, Any]]]:
    async def call() -> Any:
        async with application_for_scenarios(Settings(), engines)(ANY) as line:
            log = await place_call(line.url, who, sample_rate=LINE, dial=line.dial, seed=who.seed)
            await asyncio.sleep(0.3)
            return log, (await asyncio.to_thread(line.books))["transfers"]

    return run_in_virtual_time(call())


@pytest.mark.slow
@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_caller_gets_what_they_want_or_nothing_moves(name, engines):
    seed = zlib.crc32(name.encode()) % 1000
    who = draw_goal(seed).who
    wanted = Goal(who, who.payees[0], Decimal(30))
    mine = caller(name, seed, wanted)
    log, transfers = called(mine, engines)
    print(name, log.ended, mine.done, mine.said)
    made = [t for t in transfers if t["source"] == f"{who.number}/checking"]
    new = [(t["to"], Decimal(t["amount"])) for t in made if t["to"] == wanted.payee]
    assert log.ended in ("hangup", "transfer", "goodbye")
    if mine.done:
        assert (mine.goal.payee, mine.goal.amount) in new
    assert new in ([], [(mine.goal.payee, mine.goal.amount)])


def test_a_call_can_be_had_again_by_its_seed(engines):
    goal = Goal(draw_goal(3).who)
    first, second = caller("plain", 3, goal), caller("plain", 3, goal)
    one, _ = called(first, engines)
    two, _ = called(second, engines)
    assert first.said == second.said
    assert first.done
    assert (one.stereo == two.stereo).all()
