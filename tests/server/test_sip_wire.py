"""Between the server and its SIP process: how a call ends, and the order of what came."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from baresip import CallStats
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
)

from server.channels.sip.bridge import mos
from server.channels.sip.remote import MOST, RemoteLine
from server.channels.sip.wire import Wire
from server.client.connection import CallError
from server.client.telephone import TelephoneWire
from server.protocol import Hangup

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
