"""Telephone calls over a bad network: 5% lost, 2% doubled, up to 60 ms late and out of order."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from server.callfiles import read_turn
from server.channels.sip.remote import RemoteLine
from tests.server.bad_network import bad_network
from tests.server.conftest import sample
from tests.server.sip_clients import Baresip, baresip
from tests.server.sip_house import SipHouse, sip_house
from voice.pcm import Samples

pytestmark = pytest.mark.channels

PEAK = 8000
SECONDS = 8
RATE = 16000
WINDOW = RATE // 10
MOST_DB = 0.5
"""Of a window's level: a hole of 11 ms in 100, where a packet is 20."""


@pytest.fixture
def heard(monkeypatch) -> list[bytes]:
    """All that the server takes from the telephone."""
    sound: list[bytes] = []
    take = RemoteLine._heard

    def listening(self: RemoteLine, data: bytes) -> None:
        sound.append(data)
        take(self, data)

    monkeypatch.setattr(RemoteLine, "_heard", listening)
    return sound


def after_its_start(heard: list[bytes]) -> np.ndarray:
    """The tone without the silence before it and its first half second, in which it comes up."""
    sound = np.frombuffer(b"".join(heard), np.int16).astype(float)
    began = np.flatnonzero(np.abs(sound) > PEAK / 2)
    return sound[began[0] + RATE // 2 :] if len(began) else sound[:0]


@pytest.mark.parametrize(
    ("codec", "rate", "hertz", "most_db"),
    [
        ("pcmu", 8000, 265, 1.0),
        ("pcma", 8000, 265, 1.0),
        ("g722/16000/1", 16000, 265, 1.0),
        ("opus/48000/2", 48000, 265, 2.0),
        ("opus/48000/2", 48000, 250, MOST_DB),
    ],
)
async def test_lost_packets_leave_no_pops(
    tmp_path, monkeypatch, heard, codec, rate, hertz, most_db
):
    """A steady tone: no step in it is steeper than the tone itself by much, and no hole opens.

    265 Hz are no whole number of waves in a packet, so that a lost one leaves a step.
    """
    tone = (PEAK * np.sin(2 * np.pi * hertz * np.arange(rate * 20) / rate)).astype(np.int16)
    async with (
        sip_house(tmp_path, monkeypatch, silence=60.0) as house,
        bad_network(house.port) as network,
        baresip(tmp_path / "phone", account=f";audio_codecs={codec}", rate=rate) as phone,
    ):
        await phone.dial(network.uri)
        await house.until("listening", "greet")
        heard.clear()
        await phone.says(tone, rate)
        async with asyncio.timeout(40):
            while len(sound := after_its_start(heard)) < SECONDS * RATE:
                await asyncio.sleep(0.2)
        await phone.command("hangup")
        (details,) = await house.details()
    windows = sound[: SECONDS * RATE].reshape(-1, WINDOW)
    levels = 20 * np.log10(np.sqrt((windows**2).mean(axis=1)) * np.sqrt(2) / PEAK + 1e-9)
    steps = np.abs(np.diff(sound))
    steepest = PEAK * 2 * np.pi * hertz / RATE
    assert network.counts["lost"] > 10
    assert 1 < details["quality"]["loss_percent"] < 10
    assert np.abs(levels).max() < most_db, levels.round(1)
    assert steps.max() < 2.5 * steepest


async def test_a_whole_call_over_a_bad_network_ends_in_the_right_ledger(
    tmp_path, monkeypatch, engines
):
    """Voice, and keys of RFC 4733: a packet that comes after its key's end presses nothing.

    Words get lost on the way, so the caller says again what is asked for again, or read back
    wrongly.
    """
    request, agreed = (read_turn(sample("demo", turn), 48000) for turn in (1, 5))
    async with (
        sip_house(tmp_path, monkeypatch, engines=engines, silence=30.0) as house,
        bad_network(house.port) as network,
        baresip(tmp_path / "phone", account=";audio_codecs=opus/48000/2", rate=48000) as phone,
    ):
        await phone.dial(network.uri)
        await house.until("listening", "greet", seconds=60)
        await asyncio.sleep(1)
        await says(house, phone, request, "ask_customer_number")
        await phone.presses("40217308")
        await house.until("said", "PIN", seconds=60)
        before = len(house.actions())
        await phone.presses("4821")
        if await answered(house, before) != "confirm_transfer" or not is_right(house):
            await says(house, phone, request, "confirm_transfer", is_right)
        assert house.bank.books()["transfers"] == []
        await says(house, phone, agreed, "transfer_done")
        books = house.bank.books()
        house.bank.check()
        await phone.command("hangup")
        (details,) = await house.details()
    (transfer,) = books["transfers"]
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    assert details["ended"] == "hangup"
    quality = details["quality"]
    assert 1 < quality["loss_percent"] < 10, "of 5%, which the doubled 2% make up for"
    assert quality["jitter_ms"] > 5
    assert min(network.counts["lost"], network.counts["doubled"]) > 10


async def answered(house: SipHouse, before: int) -> str:
    """What was answered after so many answers, once the caller's last word is in."""
    async with asyncio.timeout(60):
        while len(house.actions()) <= before:
            await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    return house.actions()[-1]


def is_right(house: SipHouse) -> bool:
    """Whether what was read back is what was asked for."""
    said = [event for event in house.events if event["type"] == "said"]
    last = " ".join(each["text"] for each in said if each["turn"] == said[-1]["turn"])
    return "50.00" in last and "Anna Keller" in last


async def says(
    house: SipHouse,
    phone: Baresip,
    words: Samples,
    action: str,
    is_right: Callable[[SipHouse], bool] = lambda _: True,
) -> None:
    """Say it, again where it was not understood, until this is answered, and rightly."""
    for _ in range(4):
        before = len(house.actions())
        await phone.says(words, 48000)
        if await answered(house, before) == action and is_right(house):
            return
    raise AssertionError(f"{house.actions()}, {house.heard()}")
