"""The real assistant for the server's tests: engines once, a fresh bank and server per test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from dialog.bank.bank import Bank
from dialog.bank.settings import PinCost
from server.app import serving
from server.bank_file import temporary_bank
from server.engines import Engines, load_engines
from server.settings import Settings

TODAY = date(2026, 3, 16)
CHEAP = PinCost(time=1, memory_kib=64)
SAMPLES = Path(__file__).parents[2] / "audio_samples"


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    engines = load_engines(Settings())
    yield engines
    engines.close()


@dataclass(frozen=True, slots=True)
class House:
    """A running server and its bank."""

    url: str
    bank: Bank
    folder: Path


Hosting = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def hosting(engines: Engines, tmp_path: Path) -> Hosting:
    """Starts a server with a fresh demo bank; settings by name."""

    @asynccontextmanager
    async def host(**settings) -> AsyncIterator[House]:
        bank = temporary_bank(tmp_path, TODAY, cost=CHEAP)
        chosen = Settings(port=0, **settings)
        try:
            async with serving(chosen, engines, bank, today=lambda: TODAY) as url:
                yield House(url, bank, tmp_path)
        finally:
            bank.close()

    return host


def sample(call: str, turn: int) -> Path:
    """A recorded caller turn."""
    return SAMPLES / call / f"{turn:02}.wav"
