"""The assistant in virtual time: a bench takes as long as its sums do, on any machine alike.

Engines take a given time instead of their own (`server.replay.engines.Costs`), so a latency
measured here is that of the turn taking, on a machine that is as fast as that; what is said, cut in
on and stopped is the assistant's own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from server.app import create_app, open_house
from server.bank_file import temporary_bank
from server.bench.hosted import Line
from server.channels.running import Running
from server.client.memory import URL, dialling
from server.engines import Engines
from server.replay.engines import Costs, for_one_call
from server.replay.hosting import NEVER
from server.settings import Settings


class VirtualAssistant:
    """Serves calls in the event loop that places them; run it with `run_in_virtual_time`.

    Args:
        settings: Of the server.
        engines: Shared by all calls.
        costs: The virtual time that they take.
    """

    def __init__(self, settings: Settings, engines: Engines, costs: Costs) -> None:
        self._settings = settings.model_copy(update={"latest": NEVER})
        self._engines = engines
        self._costs = costs

    @asynccontextmanager
    async def serving(self, today: date, max_calls: int | None = None) -> AsyncIterator[Line]:
        """A server with a fresh demo bank."""
        given = {"max_calls": max_calls} if max_calls else {}
        settings = self._settings.model_copy(update=given)
        ears = for_one_call(self._engines, self._costs)
        with TemporaryDirectory() as folder:
            bank = await self._engines.bank.run(temporary_bank, Path(folder), today)
            try:
                house = open_house(settings, ears, bank, today=lambda: today)
                yield Line(URL, dialling(create_app(house, Running())))
            finally:
                bank.close()
