"""Telephone calls over a bad network: 5% lost, 2% doubled, up to 60 ms late and out of order."""

import asyncio

import numpy as np
import pytest

from server.channels.sip.remote import RemoteLine
from tests.server.bad_network import Weather, bad_network
from tests.server.sip_clients import baresip
from tests.server.sip_house import sip_house

pytestmark = pytest.mark.channels

TONE = 250


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


async def test_lost_packets_of_opus_are_concealed_without_pops(tmp_path, monkeypatch, heard):
    """A steady tone: no step in it is steeper than the tone itself by much, and no hole opens."""
    tone = (8000 * np.sin(2 * np.pi * TONE * np.arange(48000 * 20) / 48000)).astype(np.int16)
    weather = Weather()
    async with (
        sip_house(tmp_path, monkeypatch, silence=60.0) as house,
        bad_network(house.port, weather) as uri,
        baresip(tmp_path / "phone", account=";audio_codecs=opus/48000/2", rate=48000) as phone,
    ):
        await phone.dial(uri)
        await house.until("listening", "greet")
        heard.clear()
        await phone.says(tone, 48000)
        await asyncio.sleep(10)
    sound = np.frombuffer(b"".join(heard), np.int16).astype(float)[-8 * 16000 :]
    steps = np.abs(np.diff(sound))
    steepest = 8000 * 2 * np.pi * TONE / 16000
    assert weather.counts["lost"] > 10
    assert steps.max() < 2.5 * steepest
