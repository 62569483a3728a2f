"""Clients that mean ill or have died: the call beside them goes on, and memory comes back."""

import asyncio
import base64
import gc
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import aiohttp
import numpy as np
import psutil
import pytest
import websockets

from server import app
from tests.server.staged import SEND, Voice, staged
from tests.server.test_providers import TOKEN, Phone, media_url, stream_headers, webhook

HELLO = {"type": "hello", "version": 1, "sample_rate": 16000, "encoding": "pcm16"}


def resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def open_files() -> int:
    return psutil.Process().num_fds()


def address(caller) -> tuple[str, int]:
    host, port = caller.socket.remote_address[:2]
    return host, port


def url(caller) -> str:
    host, port = address(caller)
    return f"ws://{host}:{port}/v1/call"


async def calls(caller) -> int:
    """How many the server holds."""
    host, port = address(caller)
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://{host}:{port}/healthz") as response,
    ):
        return int((await response.json())["calls"])


async def goes_on(caller) -> None:
    """The call beside is still answered."""
    await caller.says(SEND)
    await caller.until("listening", "ask_customer_number")


@asynccontextmanager
async def another_call(caller, way: str, name: str = "CA1") -> AsyncIterator[Any]:
    """A call that has begun, at our own websocket or as a stream of Twilio's."""
    if way == "websocket":
        async with websockets.connect(url(caller), max_queue=4) as opened:
            await opened.send(json.dumps(HELLO))
            yield opened
        return
    host, port = address(caller)
    media = media_url(await webhook("twilio", f"http://{host}:{port}", call=name).post())
    signed = stream_headers("twilio", media)
    async with websockets.connect(media, additional_headers=signed, max_queue=4) as opened:
        await Phone("twilio", opened).start()
        yield opened


TWILIO = {"twilio": TOKEN}
MEDIA = {"payload": base64.b64encode(bytes(1600)).decode()}
SOUND = {"websocket": bytes(6400), "twilio": json.dumps({"event": "media", "media": MEDIA})}
"""0.2 s of it."""


async def test_two_hundred_that_never_speak_cost_nobody_a_call(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        before = resident()
        async with AsyncExitStack() as silent:
            for _ in range(200):
                await silent.enter_async_context(websockets.connect(url(caller)))
            await goes_on(caller)
            await asyncio.sleep(6)
            async with websockets.connect(url(caller)) as late:
                await late.send(json.dumps(HELLO))
                assert json.loads(await late.recv())["type"] == "ready"
        assert resident() - before < 100e6


ASKED = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_a_connection_that_asks_for_nothing_is_closed(tmp_path, monkeypatch):
    """At the beginning, in the middle of its first request, and of the next."""
    monkeypatch.setattr("server.app.REQUEST_WITHIN", 1)
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        before = open_files()
        bare = [await asyncio.open_connection(*address(caller)) for _ in range(200)]
        for parts in ((b"GET / HT", ASKED), (b"", b"GET")):
            for number, (_, writer) in enumerate(bare):
                if number % 3:
                    writer.write(parts[number % 3 - 1])
            await asyncio.sleep(0.5)
        async with asyncio.timeout(10):
            for reader, writer in bare:
                await reader.read()
                writer.close()
        await asyncio.sleep(0.1)
        assert open_files() - before < 5
        await goes_on(caller)


async def test_a_request_whose_body_does_not_come_is_answered(tmp_path, monkeypatch):
    monkeypatch.setattr("server.channels.body.BODY_WITHIN", 0.5)
    monkeypatch.setattr("server.app.REQUEST_WITHIN", 1)
    async with staged(tmp_path, monkeypatch) as caller:
        reader, writer = await asyncio.open_connection(*address(caller))
        writer.write(b"POST /v1/webrtc HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{")
        async with asyncio.timeout(5):
            assert b"400 Bad Request" in await reader.read()
        writer.close()


async def test_a_client_that_stops_reading_is_given_up(tmp_path, monkeypatch):
    """Its socket is full after a while: its place is free again, though it goes on sending."""
    monkeypatch.setattr("server.channels.socket_line.SEND_WITHIN", 1.0)
    monkeypatch.setattr("server.app._listen", with_small_buffers(app._listen))
    loop = asyncio.get_running_loop()
    async with staged(tmp_path, monkeypatch, voice=Voice(seconds_a_letter=0.1)) as caller:
        await caller.until("said", "Welcome")
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, address(caller))
        request = (
            "GET /v1/call HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await loop.sock_sendall(deaf, request.encode())
        await loop.sock_recv(deaf, 4096)
        await loop.sock_sendall(deaf, masked(1, json.dumps(HELLO).encode()))
        taken = []
        async with asyncio.timeout(20):
            while taken[-1:] != [1] or 2 not in taken:
                taken.append(await calls(caller))
                with suppress(ConnectionError):
                    await loop.sock_sendall(deaf, masked(2, bytes(3200)))  # and never a read
                await asyncio.sleep(0.1)
        deaf.close()


def with_small_buffers(listen):
    def listening(settings) -> socket.socket:
        listener = listen(settings)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listener

    return listening


def masked(kind: int, data: bytes) -> bytes:
    """A client's websocket frame, with a mask of zeros."""
    size = len(data)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([0x80 | kind]) + length + bytes(4) + data


@pytest.mark.parametrize("way", SOUND)
async def test_one_that_sends_without_end_is_cut_off(tmp_path, monkeypatch, way):
    async with staged(tmp_path, monkeypatch, providers=TWILIO) as caller:
        await caller.until("listening", "greet")
        before = resident()
        sent = 0
        for number in range(4):
            async with another_call(caller, way, f"CA{number}") as flood:
                try:
                    while sent < 1 << 30:
                        await flood.send(SOUND[way])
                        sent += len(SOUND[way])
                        await asyncio.sleep(0)
                except websockets.ConnectionClosed:
                    pass
        assert sent < 100e6
        await goes_on(caller)
        assert resident() - before < 150e6


async def test_one_that_keys_without_end_is_cut_off(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        async with websockets.connect(url(caller)) as flood:
            await flood.send(json.dumps(HELLO))
            for _ in range(300):
                await flood.send(json.dumps({"type": "dtmf", "digit": "#"}))
            told = [message async for message in flood]
        errors = [text for text in told if isinstance(text, str) and '"type": "error"' in text]
        assert ["too_fast" in error for error in errors] == [True]
        await goes_on(caller)


async def test_a_message_larger_than_any_audio_ends_its_own_call(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        async with websockets.connect(url(caller)) as huge:
            await huge.send(json.dumps(HELLO))
            await huge.send(np.zeros(1 << 20, np.int16).tobytes())
            with pytest.raises(websockets.ConnectionClosed):
                await drained(huge)
        await goes_on(caller)


async def drained(client: websockets.ClientConnection) -> None:
    while True:
        await client.recv()


async def test_a_socket_that_dies_without_a_word_frees_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr("server.channels.call.DEAD_AFTER", 2.0)
    async with staged(tmp_path, monkeypatch) as caller:
        await caller.until("listening", "greet")
        async with another_call(caller, "websocket") as half:
            assert json.loads(await half.recv())["type"] == "ready"
            async with asyncio.timeout(15):
                with pytest.raises(websockets.ConnectionClosed):
                    await drained(half)  # it is open, and no audio comes
                while await calls(caller) > 1:
                    await asyncio.sleep(0.1)
        await goes_on(caller)


async def test_a_providers_stream_that_dies_without_a_word_frees_its_place(tmp_path, monkeypatch):
    """It may be on hold: it is asked whether anybody is there, twice, and then told goodbye."""
    async with staged(tmp_path, monkeypatch, providers=TWILIO) as caller:
        await caller.until("listening", "greet")
        await goes_on(caller)
        async with another_call(caller, "twilio") as half, asyncio.timeout(60):
            while await calls(caller) < 2:
                await asyncio.sleep(0.1)
            with pytest.raises(websockets.ConnectionClosed):
                await drained(half)
            while await calls(caller) > 1:
                await asyncio.sleep(0.1)
