"""pipecat's own JavaScript client, in headless Chromium with a recorded microphone."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from server.settings import Token
from tests.server.conftest import sample
from tests.server.test_browser import Chromium, chromium, loopback, microphone

__all__ = ["loopback"]  # the fixture

CLIENT = Path(__file__).parents[2] / ".venv/rtvi.js"
"""rtvi_client/client.js and what it imports, in one file; `make test-channels` makes it."""

PAGE = "<!doctype html><title>caller</title><script src=/client.js></script>"


@asynccontextmanager
async def page() -> AsyncIterator[str]:
    """The client's page, at an address that is not the bank's."""
    if not CLIENT.exists():
        pytest.skip("no client of pipecat: make test-channels installs it (npm)")
    app = web.Application()
    app.router.add_get("/", lambda _: web.Response(text=PAGE, content_type="text/html"))
    app.router.add_get("/client.js", lambda _: web.FileResponse(CLIENT))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def told(page: Chromium, name: str, words: str = "", seconds: float = 90.0) -> Any:
    """Wait until the client has told something that holds these words."""
    found = f"e.name === '{name}' && new RegExp('{words}', 'i').test(JSON.stringify(e.data ?? ''))"
    try:
        return await page.until(f"told.find((e) => {found})", seconds)
    except TimeoutError:
        raise AssertionError(await page.run("JSON.stringify([told, heard])")) from None


def connect(wire: str, url: str, token: str) -> str:
    """What the page's client is told to do."""
    host = url.removeprefix("ws://").removesuffix("/v1/call")
    if wire == "websocket":
        return f"client.connect({{ wsUrl: 'ws://{host}/v1/rtvi', token: '{token}' }})"
    asked = f"{{ endpoint: 'http://{host}/v1/rtvi/webrtc', requestData: {{ token: '{token}' }} }}"
    return f"client.connect({{ webrtcRequestParams: {asked} }})"


@pytest.mark.channels
@pytest.mark.parametrize("wire", ["websocket", "webrtc"])
async def test_pipecats_client_does_its_banking(hosting, tmp_path, loopback, wire):
    """A whole call with sound; keys where it is secret. What the client shows is what was said."""
    token = "of the page"
    known = Token(name="page", sha256=hashlib.sha256(token.encode()).hexdigest())
    request, agreed = sample("demo", 1), sample("demo", 5)
    sound = microphone(tmp_path / "mic.wav", (20, request), (80, agreed), (110, agreed))
    async with (
        hosting(silence=60.0, tokens=[known]) as house,
        page() as url,
        chromium(tmp_path, f"{url}%23{wire}", sound) as client,
    ):
        await client.run(f"{connect(wire, house.url, token)}.then(() => 1)")
        await told(client, "onBotReady")
        await told(client, "onUserTranscript", "fifty|50")
        await told(client, "onBotOutput", "customer number")
        await asyncio.sleep(4)
        await client.run("client.sendDTMF('40217308')")
        await told(client, "onBotOutput", "PIN")
        await asyncio.sleep(2)
        await client.run("client.sendDTMF('4821')")
        await told(client, "onBotOutput", "50.*Anna Keller|Anna Keller.*50")
        assert house.bank.books()["transfers"] == []
        async with asyncio.timeout(120):
            while not house.bank.books()["transfers"]:
                await asyncio.sleep(0.5)
        names = await client.run("[...new Set(told.map((e) => e.name))]")
        heard = await client.run("heard")
        shown = await client.run("JSON.stringify(told)")
        await client.run("client.disconnect().then(() => 1)")
        await told(client, "onDisconnected")
    (transfer,) = house.bank.books()["transfers"]
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    house.bank.check()
    assert {"onBotStartedSpeaking", "onUserStartedSpeaking", "onUserStoppedSpeaking"} <= set(names)
    assert "onError" not in names
    assert heard["samples"] > 24000 * 10
    assert heard["peak"] > 2000
    assert "4821" not in shown
    assert "40217308" not in shown
