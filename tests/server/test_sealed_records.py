"""The record of a call at rest: sealed under a key of its own, forgotten in time."""

import asyncio
import json
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dialog.bank.settings import PinCost
from dialog.bank.tables import ERASED
from server.bank_file import temporary_bank
from server.channels.sip.details import CallDetails
from server.errors import SettingsError
from server.records import CallRecord, details_path, forget_record, record_path, sealed_path
from server.rounds import forget_old_calls, rounds
from server.settings import Settings, read_data_keys, write_data_keys


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(records=tmp_path / "records", data_keys=tmp_path / "deep" / "keys")


@pytest.fixture
def bank(tmp_path: Path):
    bank = temporary_bank(tmp_path, date(2026, 3, 16), cost=PinCost(time=1, memory_kib=64))
    yield bank
    bank.close()


def test_a_sealed_record_shows_nothing_and_can_be_opened(bank, settings):
    vault = bank.vault(read_data_keys(settings.data_keys))
    record = CallRecord(
        settings.records, "call 1", lambda data: vault.seal("call 1", data, customer_id=1)
    )
    record.add({"type": "heard", "text": "my balance"})
    record.write()
    record.add({"type": "said", "text": "goodbye"})
    record.write()
    kept = sealed_path(settings.records, "call 1")
    assert not record_path(settings.records, "call 1").exists()
    assert b"balance" not in kept.read_bytes()
    lines = b"".join(vault.open("call 1", token) for token in kept.read_bytes().split())
    assert [json.loads(line)["type"] for line in lines.splitlines()] == ["heard", "said"]


def test_calls_past_their_period_lose_key_and_file(bank, settings):
    vault = bank.vault(read_data_keys(settings.data_keys))
    record = CallRecord(settings.records, "c1", lambda d: vault.seal("c1", d, customer_id=None))
    record.add({"type": "heard"})
    record.write()
    assert forget_old_calls(bank, settings) == 0
    longer = settings.model_copy(update={"retention_days": -1})
    assert forget_old_calls(bank, longer) == 1
    assert not sealed_path(settings.records, "c1").exists()


def details(call: str) -> CallDetails:
    """Of a telephone call."""
    told = {"called": "bank", "source": "192.0.2.1", "transport": "udp"}
    return CallDetails(call=call, sip_call_id="x", began=datetime.now(UTC), **told)


def test_details_of_telephone_calls_are_their_owners_and_go_after_their_period(bank, settings):
    """Also of calls that were refused, which have no record."""
    details("busy").write(settings.records)
    path = details_path(settings.records, "busy")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    forget_old_calls(bank, settings)
    assert path.exists()
    forget_old_calls(bank, settings.model_copy(update={"retention_days": -20000}))
    assert not path.exists()


def test_details_of_telephone_calls_go_with_their_record(settings):
    details("c1").write(settings.records)
    details("c2").write(settings.records)
    forget_record(settings.records, "c1")
    assert list(settings.records.iterdir()) == [details_path(settings.records, "c2")]


async def test_the_server_itself_forgets_what_is_past_its_periods(bank, settings):
    vault = bank.vault(read_data_keys(settings.data_keys))
    record = CallRecord(settings.records, "c1", lambda d: vault.seal("c1", d, customer_id=None))
    record.add({"type": "heard"})
    record.write()
    terms, who = {"words": "five, thanks", "flows": ""}, {"customer_id": 1, "call_id": "c1"}
    bank.orders.propose("survey", terms, proposal_id="s", **who)
    bank.orders.carry_out("s", **who)
    over = settings.model_copy(update={"retention_days": -1, "words_days": -1})
    async with rounds(bank, {}, settings=over), asyncio.timeout(20):
        while bank.surveys.get("s")[2] != ERASED:
            await asyncio.sleep(0.02)
    assert not sealed_path(settings.records, "c1").exists()


def test_the_ring_is_its_owners_and_stays_the_same(settings):
    keys = read_data_keys(settings.data_keys)
    assert read_data_keys(settings.data_keys) == keys
    assert stat.S_IMODE(settings.data_keys.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    write_data_keys(settings.data_keys, [b"x" * 44, *keys])
    with pytest.raises(SettingsError, match="no Fernet key"):
        read_data_keys(settings.data_keys)
