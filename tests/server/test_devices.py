"""Devices' tokens: each is shown once, follows its rotation and ends with its revocation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialog.bank.bank import Bank
from server.admission import Admission
from server.devices import OVERLAP, Devices
from server.errors import SettingsError
from server.protocol import Hello, ProtocolError
from server.settings import Settings
from tests.server.staged import SEND, staged
from tests.server.test_rtvi import calling

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "devices.json"


def admitted(door: Admission, token: str) -> bool:
    hello = Hello(type="hello", version=1, sample_rate=8000, encoding="ulaw", token=token)
    try:
        with door.admit(hello, host="203.0.113.9", secure=True) as known:
            return known.name == "kitchen"
    except ProtocolError as error:
        return error.code != "unauthorized"


def test_a_running_server_follows_issue_rotation_and_revocation(path):
    door, devices = Admission(Settings(devices_file=path)), Devices(path)
    first = devices.issue("kitchen", datetime.now(UTC))
    assert admitted(door, first)
    second = devices.rotate("kitchen", datetime.now(UTC))
    assert admitted(door, second)
    assert admitted(door, first)
    devices.revoke("kitchen")
    assert not admitted(door, first)
    assert not admitted(door, second)


MARIA, PIN = "40217308", "4821"


def shut_out_by_strangers(bank: Bank) -> None:
    """Maria has used her speaker before; then strangers try her number from elsewhere."""
    who = bank.authenticate(MARIA, PIN, call_id="before", address="device:kitchen")
    assert who.customer_id is not None
    for n in range(3):
        bank.authenticate(MARIA, "0000", call_id=f"stranger {n}")
    assert bank.authenticate(MARIA, PIN, call_id="unknown line").locked


async def test_strangers_do_not_shut_an_owner_out_of_their_own_speaker(path, monkeypatch):
    token = Devices(path).issue("kitchen", datetime.now(UTC))
    speaker = staged(path.parent, monkeypatch, token=token, devices_file=path)
    async with speaker as owner:
        shut_out_by_strangers(owner.bank)
        await owner.asks_to_send_fifty()
        await owner.until("listening", "confirm_transfer")
    async with staged(path.parent, monkeypatch) as stranger:
        shut_out_by_strangers(stranger.bank)
        await stranger.asks_to_send_fifty()
        await stranger.until("hangup", "transfer")
        assert "confirm_transfer" not in {event.get("action") for event in stranger.events}


async def test_a_device_that_speaks_rtvi_is_remembered_too(path, monkeypatch):
    token = Devices(path).issue("kitchen", datetime.now(UTC))
    async with staged(path.parent, monkeypatch, devices_file=path) as beside:
        shut_out_by_strangers(beside.bank)
        async with calling(beside, f"?token={token}") as client:
            await client.send("client-ready", {"version": "2.1.0", "about": {"library": "test"}})
            await client.until("bot-output", "Welcome")
            await client.says(SEND)
            await client.until("bot-output", "customer number")
            await client.send("dtmf", {"buttons": list(MARIA)})
            await client.until("bot-output", "PIN")
            await client.send("dtmf", {"buttons": list(PIN)})
            await client.until("bot-output", "Anna Keller")


def test_a_rotated_token_runs_out(path):
    devices = Devices(path)
    devices.issue("kitchen", NOW)
    devices.rotate("kitchen", NOW)
    assert len(devices.tokens(NOW + OVERLAP - timedelta(seconds=1))) == 2
    assert len(devices.tokens(NOW + OVERLAP)) == 1


def test_the_file_holds_no_token_and_is_its_owners(path):
    token = Devices(path).issue("kitchen", NOW)
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_devices_issued_at_once_are_all_kept(path):
    names = [f"room-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda name: Devices(path).issue(name, NOW), names))
    assert [device.name for device in Devices(path).all()] == sorted(names)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "../etc"])
def test_a_name_is_plain(path, name):
    with pytest.raises(SettingsError):
        Devices(path).issue(name, NOW)


def test_a_device_is_issued_once_and_strangers_are_named(path):
    devices = Devices(path)
    devices.issue("kitchen", NOW)
    with pytest.raises(SettingsError, match="rotate or revoke"):
        devices.issue("kitchen", NOW)
    for change in (devices.revoke, lambda name: devices.rotate(name, NOW)):
        with pytest.raises(SettingsError, match="no device hall"):
            change("hall")


def test_a_damaged_file_is_named(path):
    path.write_text("[{}]")
    with pytest.raises(SettingsError, match=r"devices\.json"):
        Devices(path).all()
    assert not admitted(Admission(Settings(devices_file=path)), "guess")
