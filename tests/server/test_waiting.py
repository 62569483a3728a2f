"""How long work waits for an engine."""

import asyncio
import threading

import pytest

from server.engines import EngineThread
from server.waiting import WINDOW, Waiting


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_waits_are_those_of_late_and_of_what_waits_still() -> None:
    clock = Clock()
    waiting = Waiting(clock)
    first, second = waiting.add(), waiting.add()
    assert waiting.queued == 2
    clock.now += 0.4
    waiting.begin(first)
    clock.now += 0.4
    assert waiting.seconds() == pytest.approx((0.4 + 0.8) / 2)
    waiting.begin(second)
    waiting.begin(second)
    assert waiting.queued == 0
    assert waiting.seconds() == pytest.approx(0.6)
    clock.now += WINDOW + 1
    assert waiting.seconds() == 0.0


async def test_an_engine_that_is_held_up_tells_so_and_recovers() -> None:
    engine, go = EngineThread("test"), threading.Event()
    holding = asyncio.create_task(engine.run(go.wait))
    queued = [asyncio.create_task(engine.run(int)) for _ in range(3)]
    await asyncio.sleep(0.2)
    assert engine.waiting.queued == 3
    assert engine.waiting.seconds() > 0.1
    go.set()
    await asyncio.gather(holding, *queued)
    assert engine.waiting.queued == 0
    engine.close()


async def test_an_engine_is_idle_while_nobody_works_or_has_waited() -> None:
    engine, go = EngineThread("test"), threading.Event()
    assert engine.idle
    holding = asyncio.create_task(engine.run(go.wait))
    await asyncio.sleep(0)
    assert not engine.idle
    queued = asyncio.create_task(engine.run(int))
    await asyncio.sleep(0.3)
    go.set()
    await asyncio.gather(holding, queued)
    assert not engine.idle, "the second waited"
    engine.close()
