"""A fresh demo bank per scenario, on the scenario's day: served, or talked to in text."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from dialog.bank.bank import Bank
from dialog.bank.office import START
from dialog.conversation import Conversation, Understands
from server.app import create_app, open_house, serving
from server.bank_file import temporary_bank
from server.channels.running import Running
from server.client.memory import URL, dialling
from server.engines import Engines
from server.replay.channels import way_in
from server.replay.earlier import bring_about
from server.replay.engines import CPU, INSTANT, Costs, for_one_call
from server.replay.reading import ScenarioError
from server.replay.run import ReadBooks, Serve, Served
from server.replay.scenario import Scenario
from server.settings import Settings

AUDIT_ROWS = 10_000
"""More than one call leaves; of the back office's events, too."""


NEVER = 3600.0
"""Seconds late: a replay holds the calls that it was asked for, however slow the machine is."""


def ledger(bank: Bank) -> dict[str, Any]:
    """The books, the audit and the started workflows that a call is judged by, and the letters
    that its codes come in."""
    events = bank.office.waiting(AUDIT_ROWS)  # no back office runs: all of them wait
    return {
        **bank.books(),
        "audit": bank.audit_rows(AUDIT_ROWS),
        "letters": bank.letters(),
        "workflows": [event.workflow for event in events if event.kind == START],
    }


def server_for_scenarios(settings: Settings, engines: Engines, costs: Costs = INSTANT) -> Serve:
    """Serves each scenario on ports of its own with the same engines, over the channel it names.

    Args:
        settings, engines: Of the server.
        costs: What the engines take at least.
    """
    anywhere = settings.model_copy(
        update={"host": "127.0.0.1", "port": 0, "sip": None, "audiosocket": None, "latest": NEVER}
    )
    fresh_bank = _fresh_banks(engines)

    @asynccontextmanager
    async def serve(scenario: Scenario) -> AsyncIterator[Served]:
        ears, way = for_one_call(engines, costs), way_in(scenario.caller.channel)
        open_to = anywhere.model_copy(update=way.settings)
        async with (
            fresh_bank(scenario) as bank,
            serving(open_to, ears, bank, today=lambda: scenario.today, watch=way.watch) as url,
        ):
            yield Served(url, lambda: ledger(bank), way.dial, lambda: ears.overheard)

    return serve


def application_for_scenarios(settings: Settings, engines: Engines, costs: Costs = CPU) -> Serve:
    """The same without a network, for calls in virtual time.

    Args:
        settings, engines: As for a server.
        costs: The virtual time that the engines take.
    """
    fresh_bank = _fresh_banks(engines)

    @asynccontextmanager
    async def serve(scenario: Scenario) -> AsyncIterator[Served]:
        if (channel := scenario.caller.channel) != "websocket":
            raise ScenarioError(f"{scenario.name}: {channel} has a clock of its own: no --fast")
        ears = for_one_call(engines, costs)
        async with fresh_bank(scenario) as bank:
            app = create_app(
                open_house(settings, ears, bank, today=lambda: scenario.today), Running()
            )
            yield Served(URL, lambda: ledger(bank), dialling(app), lambda: ears.overheard)

    return serve


def _fresh_banks(engines: Engines) -> Callable[[Scenario], AbstractAsyncContextManager[Bank]]:
    @asynccontextmanager
    async def fresh(scenario: Scenario) -> AsyncIterator[Bank]:
        with TemporaryDirectory() as folder:
            bank = await engines.bank.run(_bank_of, Path(folder), scenario)
            try:
                yield bank
            finally:
                bank.close()

    return fresh


def _bank_of(folder: Path, scenario: Scenario) -> Bank:
    share = float(scenario.survey)
    bank = temporary_bank(folder, scenario.today, hour=scenario.hour, survey_share=share)
    if scenario.earlier:
        bring_about(bank, scenario.earlier)
    return bank


def conversations_for_scenarios(
    folder: Path, understander: Understands
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
        home = Path(mkdtemp(prefix=scenario.name, dir=folder)) / "bank"
        copytree(fresh(scenario.today), home)
        bank = _bank_of(home, scenario)
        conversation = Conversation(
            bank=bank,
            understander=understander,
            today=scenario.today,
            call_id=f"replay-{scenario.name}",
            language=scenario.caller.language,
        )
        return conversation, lambda: ledger(bank)

    return converse
