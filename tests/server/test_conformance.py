"""The conformance test: our server passes it, and one that breaks a promise does not."""

import asyncio
import json

from websockets.asyncio.server import serve

from server.client.conformance import PROMISES, Server, check, greets, refuses_wrong_hellos
from tests.server.staged import staged


async def test_our_server_keeps_every_promise(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        host, port = caller.socket.remote_address[:2]
        server = Server(f"ws://{host}:{port}/v1/call")
        findings = [await check(server, promise) for promise in PROMISES]
    assert [f for f in findings if not f.kept] == []


async def test_a_server_that_takes_any_hello_is_found_out():
    async def careless(socket):
        await socket.recv()
        await socket.send(json.dumps({"type": "ready", "call": "c", "version": 1}))
        await asyncio.sleep(1)

    async with serve(careless, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        finding = await check(Server(f"ws://127.0.0.1:{port}"), refuses_wrong_hellos)
    assert not finding.kept
    assert finding.why


async def test_nobody_at_the_url_keeps_nothing():
    finding = await check(Server("ws://127.0.0.1:9/v1/call"), greets)
    assert not finding.kept
    assert "Error" in finding.why
