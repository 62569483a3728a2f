"""Devices' tokens: each is shown once, follows its rotation and ends with its revocation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.admission import Admission
from server.devices import OVERLAP, Devices
from server.errors import SettingsError
from server.protocol import Hello, ProtocolError
from server.settings import Settings

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "devices.json"


def admitted(door: Admission, token: str) -> bool:
    hello = Hello(type="hello", version=1, sample_rate=8000, encoding="ulaw", token=token)
    try:
        with door.admit(hello, host="203.0.113.9", secure=True) as name:
            return name == "kitchen"
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
