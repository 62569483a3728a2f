"""Linphone does its banking: it is put on hold in the middle, and keys the PIN."""

import asyncio

import numpy as np
import pytest
import soundfile

from server.callfiles import read_turn
from tests.server.conftest import sample
from tests.server.linphone import linphone
from tests.server.sip_house import sip_house

pytestmark = pytest.mark.channels

RATE = 16000


async def test_a_caller_with_linphone_holds_keys_and_pays(tmp_path, monkeypatch, engines):
    async with (
        sip_house(tmp_path, monkeypatch, engines=engines) as house,
        linphone(tmp_path / "phone") as phone,
    ):
        await phone.command(f"call {house.uri}")
        await house.until("listening", "greet", seconds=60)
        await asyncio.sleep(1)
        await phone.says(read_turn(sample("demo", 1), RATE), RATE)
        await house.until("said", "customer number", seconds=60)
        await asyncio.sleep(3)  # the recording's "please" comes after a pause
        await phone.presses("40217308")
        await house.until("listening", "ask_pin", seconds=60)
        await phone.command("pause")
        await asyncio.sleep(13)
        on_hold = house.actions()
        await phone.command("resume")
        await asyncio.sleep(1)
        await phone.presses("4821")
        await house.until("listening", "confirm_transfer", seconds=60)
        await asyncio.sleep(1)
        await phone.says(read_turn(sample("demo", 5), RATE), RATE)
        await house.until("listening", "transfer_done", seconds=60)
        books = house.bank.books()
        house.bank.check()
        await phone.command("terminate")
        (details,) = await house.details()
    assert on_hold[-1] == "ask_pin"
    (transfer,) = books["transfers"]
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    assert "4821" not in str(house.events)
    assert details["ended"] == "hangup"
    assert np.abs(soundfile.read(phone.heard, dtype="int16")[0]).max() > 2000
