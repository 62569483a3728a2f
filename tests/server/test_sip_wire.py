"""Between the server and its SIP process: how a call ends, and the order of what came."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from baresip import CallStats
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
)

from server.app import open_house
from server.bank_file import temporary_bank
from server.channels.sip.answering import Trunk
from server.channels.sip.bridge import mos
from server.channels.sip.remote import MOST, RemoteLine
from server.channels.sip.wire import Wire
from server.client.connection import CallError
from server.client.telephone import TelephoneWire
from server.engines import Engines
from server.protocol import Hangup
from server.records import DETAILS
from server.settings import Settings, Sip
from tests.server.conftest import CHEAP, TODAY
from tests.server.staged import Ear, Judge, Meaning, Voice

SOUND = bytes(640)


@asynccontextmanager
async def both_ends(path: str) -> AsyncIterator[tuple[Wire, Wire]]:
    """The server's end and the process's."""
    came: asyncio.Future[Wire] = asyncio.get_running_loop().create_future()
    listening = await asyncio.start_unix_server(lambda *ends: came.set_result(Wire(*ends)), path)
    process = Wire(*await asyncio.open_unix_connection(path))
    server = await came
    try:
        yield server, process
    finally:
        await server.close()
        await process.close()
        listening.close()


async def end(process: Wire) -> None:
    """As the process ends a call."""
    await process.send({"is": "ended"})
    await process.send({"is": "over", "stats": {"rx_packets": 7}})
    await process.until_closed(5.0)
    await process.close()


async def test_a_late_server_that_still_speaks_reads_of_the_end(tmp_path):
    async with both_ends(str(tmp_path / "call")) as (server, process):
        ending = asyncio.create_task(end(process))
        for _ in range(5):
            await server.send(SOUND)
            await asyncio.sleep(0.02)
        line = RemoteLine(server, 8000)
        frames = [frame async for frame in line.frames()]
        await line.close()
        await server.close()
        await ending
    (last,) = frames
    assert isinstance(last, InputTransportMessageFrame)
    assert isinstance(last.message, Hangup)
    assert line.stats == {"rx_packets": 7}


async def test_what_waits_for_a_late_server_is_taken_together_and_in_its_order(tmp_path):
    async with both_ends(str(tmp_path / "call")) as (server, process):
        for _ in range(25):
            await process.send(SOUND)
        await process.send({"is": "key", "digit": "4"})
        await process.send(SOUND)
        ending = asyncio.create_task(end(process))
        await asyncio.sleep(0.05)
        line = RemoteLine(server, 8000)
        await asyncio.sleep(0.05)
        frames = [frame async for frame in line.frames()]
        await server.close()
        await ending
    sizes = [len(frame.audio) for frame in frames if isinstance(frame, InputAudioRawFrame)]
    assert sizes == [MOST, MOST, 5 * len(SOUND), len(SOUND)]
    assert isinstance(frames[3], InputDTMFFrame)


async def test_a_telephones_connection_is_closed_once_its_process_is_gone():
    ours, theirs = socket.socketpair()
    telephone = TelephoneWire(Wire(*await asyncio.open_unix_connection(sock=ours)))
    await telephone.close()
    assert b"hang_up" in theirs.recv(100)
    theirs.close()
    await telephone.listen()
    await asyncio.sleep(0.1)
    assert ours.fileno() == -1
    assert isinstance(telephone.call.exception(), CallError)


def test_a_packet_that_comes_too_late_for_its_place_lowers_the_score_like_a_lost_one():
    good, late = CallStats(rx_packets=1000), CallStats(rx_packets=1000, jbuf_late=30)
    lost = CallStats(rx_packets=970, rx_lost=30)
    assert mos(late) == mos(lost) < mos(good) == good.mos_estimate
    assert mos(CallStats(rx_packets=10, jbuf_late=20)) == mos(CallStats(rx_lost=20))


async def test_a_call_that_breaks_is_told_as_an_error(tmp_path, monkeypatch):
    async def breaks(*_: object) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr("server.channels.sip.answering.hold_call", breaks)
    bank = temporary_bank(tmp_path, TODAY, cost=CHEAP)
    engines = Engines(Ear(), Judge(), Meaning(), Voice(), tmp_path / "phrases.npz")  # type: ignore[arg-type]
    house = open_house(Settings(records=tmp_path), engines, bank)
    ringing = {"sip_call_id": "x", "peer": "sip:a@b", "source": "127.0.0.1", "transport": "udp"}
    async with both_ends(str(tmp_path / "call")) as (server, process):
        await process.send({"is": "ringing", **ringing, "origin": "127.0.0.1", "called": "bank"})
        await process.send({"is": "ready", "rate": 8000})
        with pytest.raises(RuntimeError):
            await Trunk(house, Sip())._answer(server)
    engines.close()
    bank.close()
    (path,) = tmp_path.glob(f"*{DETAILS}")
    assert json.loads(path.read_text())["ended"] == "error"
