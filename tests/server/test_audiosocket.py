"""Asterisk's AudioSocket, by a peer written from its documentation: a whole call, and bad peers."""

import asyncio
import socket
import time
import uuid
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from server.admission import Admission
from server.bank_file import temporary_bank
from server.channels.audiosocket import AudioSocketLine, answering_audiosocket
from server.channels.call import House
from server.engines import Engines
from server.settings import AudioSocket, Settings
from tests.server.conftest import CHEAP, TODAY
from tests.server.staged import SEND, YES, Ear, Judge, Level, Meaning, NoEcho, Voice


@asynccontextmanager
async def house(folder, monkeypatch, *, voice: Voice | None = None, **settings):
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    engines = Engines(Ear(), Judge(), Meaning(), voice or Voice(), folder / "phrases.npz")  # type: ignore[arg-type]
    bank = temporary_bank(folder, TODAY, cost=CHEAP)
    chosen = Settings(**({"port": 0, "silence": 20.0} | settings))
    shared = House(chosen, engines, bank, Admission(chosen), lambda: TODAY)
    async with answering_audiosocket(shared, AudioSocket(port=0)) as port:
        yield shared, port
    bank.close()
    engines.close()


class Asterisk:
    """One call of a PBX."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.level = 0
        self.heard: list[np.ndarray] = []
        self.last_loud = 0.0
        self.worst_lead = 0.0
        self.began = 0.0
        self.ended = asyncio.Event()

    def send(self, kind: int, data: bytes = b"") -> None:
        self.writer.write(bytes([kind]) + len(data).to_bytes(2, "big") + data)

    async def speak(self) -> None:
        began, count = time.monotonic(), 0
        while True:
            self.send(0x10, np.full(160, self.level, "<i2").tobytes())
            count += 1
            await asyncio.sleep(max(0.0, began + count * 0.02 - time.monotonic()))

    async def listen(self) -> None:
        due = 0.0
        while True:
            kind, size = (head := await self.reader.readexactly(3))[0], head[1:]
            data = await self.reader.readexactly(int.from_bytes(size, "big"))
            if kind == 0x00:
                self.ended.set()
                return
            samples = np.frombuffer(data, "<i2")
            now = time.monotonic()
            due = max(due, now) + len(samples) / 8000
            self.worst_lead = max(self.worst_lead, due - now)
            self.heard.append(samples)
            self.last_loud = now

    async def says(self, level: int) -> None:
        self.level = level
        await asyncio.sleep(0.6)
        self.level = 0

    async def press(self, digits: str) -> None:
        for digit in digits:
            self.send(0x03, digit.encode())
            await asyncio.sleep(0.1)

    async def speaks(self) -> None:
        """Until we do."""
        async with asyncio.timeout(20):
            while len(self.heard) < 20:
                await asyncio.sleep(0.02)

    async def quiet(self) -> None:
        before = len(self.heard)
        async with asyncio.timeout(20):
            while len(self.heard) == before or time.monotonic() - self.last_loud < 0.8:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def calling(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    pbx = Asterisk(reader, writer)
    pbx.send(0x01, uuid.uuid4().bytes)
    tasks = [asyncio.create_task(pbx.speak()), asyncio.create_task(pbx.listen())]
    try:
        yield pbx
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()


async def test_a_caller_pays_through_an_asterisk(tmp_path, monkeypatch):
    async with house(tmp_path, monkeypatch) as (shared, port), calling(port) as pbx:
        await pbx.speaks()
        began = time.monotonic()
        await pbx.says(SEND)  # over the greeting, which falls silent
        assert pbx.last_loud - began < 0.5
        await pbx.quiet()
        await pbx.press("40217308")
        await pbx.quiet()
        await pbx.press("4821")
        await pbx.quiet()
        assert shared.bank.books()["transfers"] == []
        await pbx.says(YES)
        await pbx.quiet()
        (transfer,) = shared.bank.books()["transfers"]
        pbx.send(0x00)
        async with asyncio.timeout(10):
            while shared.admission.calls:
                await asyncio.sleep(0.05)
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    assert pbx.worst_lead < 0.5
    assert np.abs(np.concatenate(pbx.heard)).max() > 300


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x01\x00\x04abcd",
        b"\x10\x01\x40" + bytes(320),
        b"\x01\xff\xff" + bytes(70000),
    ],
)
async def test_what_is_no_asterisk_is_closed(tmp_path, monkeypatch, first):
    async with house(tmp_path, monkeypatch) as (shared, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                assert await reader.read() == b""
        assert shared.admission.calls == 0
        writer.close()


async def test_a_sender_without_end_is_stopped_and_the_call_beside_goes_on(tmp_path, monkeypatch):
    async with (
        house(tmp_path, monkeypatch) as (shared, port),
        calling(port) as good,
        calling(port) as flood,
    ):
        async with asyncio.timeout(30):
            try:
                while not flood.ended.is_set():
                    flood.send(0x10, bytes(4000))
                    await flood.writer.drain()
                    await asyncio.sleep(0)
            except ConnectionError:
                pass
            while shared.admission.calls > 1:
                await asyncio.sleep(0.05)
        await good.quiet()
        await good.says(SEND)
        await good.quiet()
        assert shared.admission.calls == 1


@pytest.mark.channels
async def test_one_that_stops_reading_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("server.channels.audiosocket.SEND_WITHIN", 1.0)
    listen = asyncio.start_server

    async def with_small_buffers(*args, **kwargs) -> asyncio.Server:
        server = await listen(*args, **kwargs)
        server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return server

    monkeypatch.setattr(asyncio, "start_server", with_small_buffers)
    loop = asyncio.get_running_loop()
    async with house(tmp_path, monkeypatch, voice=Voice(seconds_a_letter=0.2)) as (shared, port):
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", port))
        await loop.sock_sendall(deaf, b"\x01\x00\x10" + bytes(16))
        taken = []
        async with asyncio.timeout(20):
            while taken[-1:] != [0] or 1 not in taken:
                taken.append(shared.admission.calls)
                with suppress(ConnectionError):
                    await loop.sock_sendall(deaf, b"\x10\x01\x40" + bytes(320))
                await asyncio.sleep(0.02)
        deaf.close()


@pytest.mark.channels
async def test_a_channel_that_sends_no_silence_ends_its_turn_and_a_dead_one_its_call(
    tmp_path, monkeypatch
):
    """On hold, or where silence is suppressed, no sound comes; nor from a peer that has died."""
    async with house(tmp_path, monkeypatch, silence=1.5) as (shared, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        pbx = Asterisk(reader, writer)
        pbx.send(0x01, uuid.uuid4().bytes)
        listening = asyncio.create_task(pbx.listen())
        await pbx.quiet()
        for _ in range(30):
            pbx.send(0x10, np.full(160, SEND, "<i2").tobytes())
            await asyncio.sleep(0.02)
        await pbx.quiet()  # answered, and then asked whether anybody is there
        async with asyncio.timeout(30):
            await listening
            while shared.admission.calls:
                await asyncio.sleep(0.05)
        writer.close()


async def test_the_connection_tells_what_it_adds(tmp_path, monkeypatch):
    async with house(tmp_path, monkeypatch) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        delay = AudioSocketLine(reader, writer).delay
        assert 0 < delay["network"] < 0.1
        assert delay["packet"] == 0.02
        writer.close()


async def test_a_full_house_hangs_up_at_once(tmp_path, monkeypatch):
    async with (
        house(tmp_path, monkeypatch, max_calls=1) as (_, port),
        calling(port) as first,
    ):
        await first.quiet()
        async with calling(port) as second, asyncio.timeout(10):
            await second.ended.wait()
