"""A fresh demo bank per scenario, on the scenario's day: served, or talked to in text."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from dialog.conversation import Conversation
from nlu.understander import Understander
from server.app import serving
from server.bank_file import temporary_bank
from server.engines import Engines
from server.replay.judge import Books
from server.replay.scenario import Scenario
from server.settings import Settings

ReadBooks = Callable[[], Books]


def server_for_scenarios(
    settings: Settings, engines: Engines
) -> Callable[[Scenario], AbstractAsyncContextManager[tuple[str, ReadBooks]]]:
    """Serves each scenario on a port of its own with the same engines."""
    anywhere = settings.model_copy(update={"host": "127.0.0.1", "port": 0})

    @asynccontextmanager
    async def serve(scenario: Scenario) -> AsyncIterator[tuple[str, ReadBooks]]:
        with TemporaryDirectory() as folder:
            bank = await engines.bank.run(temporary_bank, Path(folder), scenario.today)
            try:
                async with serving(anywhere, engines, bank, today=lambda: scenario.today) as url:
                    yield url, bank.books
            finally:
                bank.close()

    return serve


def conversations_for_scenarios(
    folder: Path, understander: Understander
) -> Callable[[Scenario], tuple[Conversation, ReadBooks]]:
    """Talks in text; the banks lie in a folder that the caller throws away.

    The bank of a day is made once and copied, because storing its PINs takes its time.
    """

    def fresh(day: date) -> Path:
        home = folder / f"fresh-{day.isoformat()}"
        if not home.exists():
            home.mkdir()
            temporary_bank(home, day).close()
        return home

    def converse(scenario: Scenario) -> tuple[Conversation, ReadBooks]:
        home = folder / scenario.name
        copytree(fresh(scenario.today), home)
        bank = temporary_bank(home, scenario.today)
        conversation = Conversation(
            bank=bank,
            understander=understander,
            today=scenario.today,
            call_id=f"replay-{scenario.name}",
        )
        return conversation, bank.books

    return converse
