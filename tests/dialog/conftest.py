"""A real bank with the demo's people, and a call into it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from calling import CHEAP, PEPPER, TODAY, Caller, Told

from dialog.bank.bank import Bank
from dialog.bank.demo import create_demo
from dialog.bank.settings import BankSettings
from dialog.conversation import Conversation


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo bank, made once; every test works on its own copy."""
    path = tmp_path_factory.mktemp("demo") / "bank.db"
    create_demo(f"sqlite:///{path}", today=TODAY, pepper=PEPPER, cost=CHEAP)
    return path


@pytest.fixture
def bank_url(demo_file: Path, tmp_path: Path) -> str:
    shutil.copy(demo_file, tmp_path / "bank.db")
    return f"sqlite:///{tmp_path}/bank.db"


@pytest.fixture
def bank(bank_url: str) -> Iterator[Bank]:
    def clock() -> datetime:
        return datetime(2026, 3, 16, 12, tzinfo=UTC)

    bank = Bank(bank_url, pepper=PEPPER, clock=clock, settings=BankSettings(pin_cost=CHEAP))
    yield bank
    bank.close()


@pytest.fixture
def caller(bank: Bank) -> Caller:
    told = Told()
    conversation = Conversation(bank=bank, understander=told, today=TODAY, call_id="call-1")
    conversation.open()
    return Caller(conversation, told)
