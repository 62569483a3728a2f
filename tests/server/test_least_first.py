"""Of the work that waits for one thread, the neediest goes first."""

import asyncio
import threading

import numpy as np
import pytest

from server.call.utterance import FIRST, STORED, Utterance
from server.engines import EngineThread

RATE = 1000


async def test_the_least_goes_first_as_it_is_when_the_thread_is_free() -> None:
    engine, go, order = EngineThread("test"), threading.Event(), []
    stores = {"long": 0.0, "begins": 0.3, "runs dry": 2.0}
    holding = asyncio.create_task(engine.run(go.wait))
    waiting = [
        asyncio.create_task(
            engine.run_by(lambda name=name: stores[name], lambda name=name: order.append(name))
        )
        for name in stores
    ]
    await asyncio.sleep(0.05)
    stores |= {"long": 5.0, "runs dry": 0.1}
    go.set()
    await asyncio.gather(holding, *waiting)
    assert order == ["runs dry", "begins", "long"]
    engine.close()


async def test_an_error_is_for_whoever_waits_and_what_is_dropped_is_not_done() -> None:
    engine, go, done = EngineThread("test"), threading.Event(), []

    def fails() -> None:
        raise KeyError("this one's")

    holding = asyncio.create_task(engine.run(go.wait))
    failing = asyncio.create_task(engine.run_by(lambda: 0.0, fails))
    after = asyncio.create_task(engine.run_by(lambda: 1.0, lambda: done.append("after")))
    await asyncio.sleep(0.05)
    go.set()
    with pytest.raises(KeyError, match="this one's"):
        await failing
    await asyncio.gather(holding, after)
    assert done == ["after"]
    go.clear()
    holding = asyncio.create_task(engine.run(go.wait))
    late = asyncio.create_task(engine.run_by(lambda: 0.0, lambda: done.append("late")))
    await asyncio.sleep(0.05)
    threading.Timer(0.2, go.set).start()
    engine.close()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(late, 5)
    assert done == ["after"]
    await holding


class Voice:
    sample_rate = RATE


class Mouth:
    """Engines whose every sentence is so many windows."""

    synthesiser = Voice()

    def __init__(self, *, seconds: float, late: bool = False) -> None:
        self.made, self.late, self._seconds = 0, late, seconds

    async def speak(self, text, *, cancelled, store):
        for _ in range(10):
            self.made += 1
            yield np.ones(int(self._seconds * RATE), np.int16)
            await asyncio.sleep(0)


async def test_an_answer_is_made_some_seconds_ahead_and_given_whole() -> None:
    engines = Mouth(seconds=1.0)
    answer = Utterance(engines, ("one", "two"))
    assert answer.store() == FIRST
    await asyncio.sleep(0.05)
    assert engines.made == STORED, "what may never be heard waits"
    assert answer.store() == STORED + FIRST
    given = 0
    async for _, samples in answer.windows():
        given += len(samples)
        await asyncio.sleep(0)
        assert answer.store() == pytest.approx((engines.made * RATE - given) / RATE, abs=1.0)
    assert given == 20 * RATE
    assert answer.store() == 0.0


@pytest.mark.parametrize(
    ("late", "seconds", "made"), [(False, 0.1, 1), (True, 0.1, 4), (True, 0.01, 10)]
)
async def test_an_answer_begins_with_more_where_engines_are_late(late, seconds, made) -> None:
    engines = Mouth(seconds=seconds, late=late)
    answer = Utterance(engines, ("one",))
    async for _ in answer.windows():
        break
    assert made <= engines.made <= made + 1, "a short answer begins when it is whole"
    answer.drop()
