"""The page in a real browser: headless Chromium with a recorded microphone does its banking."""

import asyncio
import base64
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import pytest
import websockets

from server.callfiles import read_turn
from server.channels.browser.routes import PAGE
from server.replay.gates import Gates
from server.replay.report import write_report
from server.replay.verdict import give_verdict
from tests.server.conftest import sample
from tests.server.staged import staged
from tests.server.test_metrics import call, with_sound
from voice.pcm import write_wav

RATE = 16000


@pytest.fixture
def loopback(monkeypatch):
    """aioice leaves loopback out of its candidates; a test has nothing else for certain."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


class Chromium:
    """One page, driven over the DevTools protocol."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.count = 0
        self.events: list[dict[str, Any]] = []

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        self.count += 1
        number = self.count
        await self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(30):
            while True:
                message = json.loads(await self.socket.recv())
                if message.get("id") == number:
                    return message.get("result", {})
                self.events.append(message)

    async def run(self, expression: str) -> Any:
        result = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str, seconds: float = 60.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (value := await self.run(expression)):
                await asyncio.sleep(0.1)
            return value

    async def says(self, words: str, times: int = 1, seconds: float = 60.0) -> None:
        """Wait until the assistant has said something that holds these words."""
        lines = "[...document.querySelectorAll('#conversation .theirs')]"
        found = f"{lines}.filter((e) => /{words}/i.test(e.textContent)).length >= {times}"
        await self.until(found, seconds)

    async def screenshot(self, path: Path, width: int, height: int) -> None:
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        shot = await self.command("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def chromium(folder: Path, url: str, microphone: Path) -> AsyncIterator[Chromium]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium: apt-get install chromium")
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder / 'profile'}",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
        "--autoplay-policy=no-user-gesture-required",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        "--allow-loopback-in-peer-connection",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await _devtools_port(process)
        reading = asyncio.create_task(_drain(process))
        target = await _new_page(port, url)
        async with websockets.connect(target, max_size=None) as socket:
            page = Chromium(socket)
            loaded = "document.readyState === 'complete' && location.href !== 'about:blank'"
            await page.until(loaded)
            yield page
        reading.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _devtools_port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while line := (await process.stderr.readline()).decode():
            if found := re.search(r"ws://127\.0\.0\.1:(\d+)/", line):
                return int(found[1])
    raise RuntimeError("chromium did not start")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.readline():
        pass


async def _new_page(port: int, url: str) -> str:
    async with (
        aiohttp.ClientSession() as client,
        client.put(f"http://127.0.0.1:{port}/json/new?{url}") as response,
    ):
        return str((await response.json(content_type=None))["webSocketDebuggerUrl"])


def microphone(path: Path, *turns: tuple[float, Path]) -> Path:
    """A recording of the caller's room: each turn at its second, and never quite silent."""
    sound = np.random.default_rng(1).integers(-3, 4, 240 * RATE, dtype=np.int16)
    for at, turn in turns:
        samples = read_turn(turn, RATE)
        sound[int(at * RATE) : int(at * RATE) + len(samples)] = samples
    write_wav(path, sound, RATE)
    return path


@pytest.mark.channels
@pytest.mark.parametrize("wire", ["websocket", "webrtc"])
async def test_a_browser_does_its_banking(hosting, tmp_path, loopback, wire):
    """Spoken where it matters, keyed where it is secret; the ledger has the last word.

    The browser's microphone is one file that runs from the call's beginning on: the request comes
    after the greeting, the "yes" when the question must have been asked, and once more.
    """
    async with hosting(silence=60.0) as house:
        url = f"http://{urlsplit(house.url).netloc}/"
        request, agreed = sample("demo", 1), sample("demo", 5)
        sound = microphone(tmp_path / "mic.wav", (15, request), (80, agreed), (110, agreed))
        async with chromium(tmp_path, url, sound) as page:
            await page.run(f"document.getElementById('wire').value = '{wire}'")
            await page.run("document.getElementById('call').click()")
            await page.says("customer number", seconds=90)
            await asyncio.sleep(4)
            for key in "40217308":
                await press(page, key)
            await page.says("PIN", seconds=60)
            await asyncio.sleep(2)
            for key in "4821":
                await press(page, key)
            await page.says("50.*Anna Keller|Anna Keller.*50", seconds=60)
            assert house.bank.books()["transfers"] == []
            async with asyncio.timeout(120):
                while not house.bank.books()["transfers"]:
                    await asyncio.sleep(0.5)
            await asyncio.sleep(6)
            rows = await page.run("document.querySelectorAll('#latency tr').length")
            conversation = await page.run("document.getElementById('conversation').innerText")
            assert rows >= 1
            assert "4821" not in conversation
            assert "40217308" not in conversation
            if os.environ.get("TELLERLINE_SCREENSHOTS"):
                await page.screenshot(Path("docs/page.png"), 1000, 1150)
                await page.screenshot(Path("docs/page-phone.png"), 390, 844)
            await page.run("document.getElementById('call').click()")
            await page.until("document.getElementById('call').textContent === 'Call'")
        (transfer,) = house.bank.books()["transfers"]
        assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
        house.bank.check()


async def press(page: Chromium, key: str) -> None:
    """On the keyboard, as somebody without a mouse would."""
    await page.command("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
    await page.command("Input.dispatchKeyEvent", type="keyUp", key=key)
    await asyncio.sleep(0.15)


WATCH_DEVICES = """
window.made = [];
for (const name of ["AudioContext", "RTCPeerConnection"]) {
  const Real = window[name];
  window[name] = class extends Real { constructor(...all) { super(...all); made.push(this); } };
}
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (what) => {
  const stream = await ask(what);
  made.push(...stream.getTracks());
  return stream;
};
const state = (each) => each.state ?? each.readyState ?? each.signalingState;
window.open_still = () => made.some((each) => !["closed", "ended"].includes(state(each)));
"""


@pytest.mark.channels
@pytest.mark.parametrize("wire", ["websocket", "webrtc"])
async def test_a_call_that_is_refused_or_hung_up_at_once_leaves_nothing_open(
    tmp_path, monkeypatch, loopback, wire
):
    click = "document.getElementById('call').click()"
    waits = "document.getElementById('call').textContent === 'Call' && made.length && !open_still()"
    async with staged(tmp_path, monkeypatch) as beside:
        host, port = beside.socket.remote_address[:2]
        url = f"http://{host}:{port}/"
        async with (
            chromium(tmp_path, url, microphone(tmp_path / "mic.wav")) as page,
            aiohttp.ClientSession() as client,
        ):
            await page.run(WATCH_DEVICES)
            await page.run(f"document.getElementById('wire').value = '{wire}'")
            await page.run("document.getElementById('token').value = 'guess'")
            await page.run(click)
            await page.until("document.getElementById('status').textContent.includes('token')")
            await page.until(waits, seconds=10)
            await page.run("made.length = 0; document.getElementById('token').value = ''")
            await page.run(f"{click}; {click}")
            await page.until(waits, seconds=10)
            await page.run(f"made.length = 0; {click}")
            await page.says("Welcome")
            async with client.get(f"{url}healthz") as response:
                calls = (await response.json())["calls"]
            await page.run(click)
            await page.until(waits, seconds=10)
    assert calls <= 3, "beside, this one, and one that never connected"


COLOURS = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const speaks = (e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.checkVisibility() && !e.disabled && speaks(e))
    .map((e) => [e.id || e.className || e.tagName, rgb(getComputedStyle(e).color), behind(e)]);
})()
"""


def contrast(one: list[int], other: list[int]) -> float:
    """Of two colours (WCAG 2.2, relative luminance of sRGB)."""

    def luminance(colour: list[int]) -> float:
        parts = np.array(colour[:3]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.channels
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_is_legible_and_fits_a_telephone(tmp_path, monkeypatch, loopback, scheme):
    """Every text that is seen, in a call: 4.5 to 1 (WCAG AA), and no scrolling sideways."""
    async with staged(tmp_path, monkeypatch) as beside:
        host, port = beside.socket.remote_address[:2]
        url = f"http://{host}:{port}/"
        async with chromium(tmp_path, url, microphone(tmp_path / "mic.wav")) as page:
            wanted = [{"name": "prefers-color-scheme", "value": scheme}]
            await page.command("Emulation.setEmulatedMedia", features=wanted)
            await page.command(
                "Emulation.setDeviceMetricsOverride",
                width=390,
                height=844,
                deviceScaleFactor=1,
                mobile=True,
            )
            await page.run("document.getElementById('wire').value = 'websocket'")
            await page.run("document.getElementById('call').click()")
            await page.says("Welcome")
            await page.run("document.querySelector('details').open = true")
            colours = await page.run(COLOURS)
            width = await page.run("document.documentElement.scrollWidth")
    found = {name: round(contrast(ink, ground), 2) for name, ink, ground in colours}
    assert len(found) > 10
    assert min(found.values()) >= 4.5, found
    assert width <= 390


NOTE_KEYS = """
window.keys = [];
window.typed = new KeyboardEvent("keydown", { key: "5", bubbles: true });
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
  if (String(data).includes("dtmf")) keys.push(data);
  return send.call(this, data);
};
"""
NOTE_STATUS = """
window.states = [];
new MutationObserver(() => states.push(document.getElementById("status").textContent))
  .observe(document.getElementById("status"), { childList: true });
"""


@pytest.mark.channels
async def test_the_page_is_for_everybody(tmp_path, monkeypatch, loopback):
    """Muted nothing is heard; captions and keys go; controls have names, and Tab reaches them."""
    talks = [(float(at), sample("demo", 1)) for at in range(5, 100, 5)]
    sound = microphone(tmp_path / "mic.wav", *talks)
    async with staged(tmp_path, monkeypatch) as beside:
        host, port = beside.socket.remote_address[:2]
        async with chromium(tmp_path, f"http://{host}:{port}/", sound) as page:
            await page.run("document.getElementById('wire').value = 'websocket'")
            await page.run("document.getElementById('call').click()")
            await page.until("!document.getElementById('mute').disabled")
            await page.run("document.getElementById('mute').click()")
            await page.says("Welcome")
            pressed = "document.getElementById('{}').getAttribute('aria-pressed')"
            assert await page.run(pressed.format("mute")) == "true"
            caption = "document.getElementById('caption')"
            assert "Welcome" in await page.run(f"{caption}.textContent")
            await page.run("document.getElementById('captions').click()")
            assert await page.run(f"{caption}.hidden && {pressed.format('captions')}") == "false"
            await page.run(NOTE_KEYS)
            for _ in range(2):
                await page.run("document.body.dispatchEvent(typed)")
                await page.run("document.getElementById('keyboard').click()")
            assert await page.run("keys.length") == 1, "the keyboard's keys can be turned off"
            await page.run(NOTE_STATUS)
            await asyncio.sleep(7)
            assert "Listening" not in str(await page.run("states"))
            await page.run("document.getElementById('mute').click()")
            await page.until("String(states).includes('Listening')")
            named = await names_of_controls(page)
            assert len(named) >= 17
            assert all(named), named
            reached = [await tabbed_to(page) for _ in range(len(named) + 4)]
            assert {"call", "mute", "captions", "keyboard"} <= set(reached)


async def names_of_controls(page: Chromium) -> list[str]:
    """As a screen reader tells them."""
    tree = (await page.command("Accessibility.getFullAXTree"))["nodes"]
    roles = ("button", "checkbox", "combobox", "textbox", "log")
    controls = [n for n in tree if n.get("role", {}).get("value") in roles and not n.get("ignored")]
    return [node.get("name", {}).get("value", "") for node in controls]


async def tabbed_to(page: Chromium) -> str:
    for kind in ("rawKeyDown", "keyUp"):
        await page.command(
            "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
        )
    return str(await page.run("document.activeElement.id"))


async def test_the_page_loads_nothing_from_elsewhere(hosting):
    async with hosting() as house, aiohttp.ClientSession() as client:
        base = f"http://{urlsplit(house.url).netloc}"
        async with client.get(f"{base}/") as response:
            assert response.status == 200
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            text = await response.text()
        parts = re.findall(r'(?:src|href)="([^"#][^"]*)"', text)
        assert {part for part in parts if not part.startswith(("/page/", "data:,"))} == set()
        for part in parts:
            if part.startswith("/page/"):
                async with client.get(base + part) as response:
                    assert response.status == 200
        for name in ("..%2froutes.py", "%2e%2e/routes.py", "page.py", "none.js"):
            async with client.get(f"{base}/page/{name}") as response:
                assert response.status == 404
    for path in PAGE.iterdir():
        assert not re.search(r"https?://", path.read_text()), path


async def test_a_webrtc_offer_is_checked_like_a_hello(hosting):
    async with hosting() as house, aiohttp.ClientSession() as client:
        base = f"http://{urlsplit(house.url).netloc}"
        offer = {"sdp": "v=0\r\n", "sdp_type": "offer"}

        async def answer(headers: dict[str, str] | None = None, **fields: Any) -> tuple[int, str]:
            async with client.post(
                f"{base}/v1/webrtc", json=offer | fields, headers=headers
            ) as response:
                return response.status, (await response.json())["code"]

        assert await answer(sdp="nonsense") == (400, "bad_hello")
        assert await answer(sdp_type="rollback") == (400, "bad_hello")
        assert await answer(language="xx") == (400, "bad_hello")
        assert await answer(token="guess") == (401, "unauthorized")
        assert await answer(headers={"Origin": "https://evil.example"}) == (401, "unauthorized")
        assert await answer(sdp="x" * 200_000) == (400, "bad_hello")
        async with client.get(f"{base}/healthz") as response:
            assert (await response.json())["calls"] == 0


def of_call(name: str) -> str:
    return f"document.getElementById('{name}')"


@pytest.mark.channels
async def test_a_replays_report_opens_and_plays_a_call(tmp_path):
    """A link opens its call, a button plays its turn, a word its place, and nothing is amiss."""
    sound = with_sound(tmp_path) | {"name": "a@street"}
    verdict = give_verdict([sound, call("b@street")], Gates(failures=0), {})
    url = write_report(verdict, tmp_path).as_uri()
    async with chromium(tmp_path, url, microphone(tmp_path / "mic.wav")) as page:
        for domain in ("Runtime", "Log", "Page"):
            await page.command(f"{domain}.enable")
        await page.command("Page.navigate", url=f"{url}?linked#a@street")
        await page.until("location.search && document.readyState === 'complete'")
        await page.until(f"{of_call('a@street')}.open", seconds=10)
        assert not await page.run(f"{of_call('b@street')}.open")
        await page.run("location.hash = '#b@street'")
        await page.until(f"{of_call('b@street')}.open")
        audio = f"{of_call('a@street')}.querySelector('audio')"
        await page.run(f"{of_call('a@street')}.querySelector('button').click()")
        await page.until(f"{audio}.currentTime >= 0.2 && {audio}.duration > 1.9", seconds=20)
        await page.run(f"{audio}.pause()")
        await page.run(f"{of_call('a@street')}.querySelector('.assistant span').click()")
        await page.until(f"{audio}.currentTime >= 1.1", seconds=20)
        await page.run("true")
        wrong = ("Runtime.exceptionThrown", "Log.entryAdded")
        assert [event for event in page.events if event["method"] in wrong] == []
