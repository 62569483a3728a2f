"""RTVI over WebRTC: who may call, what is asked of an offer, and a call's beginning and end."""

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from server.channels.browser.peer import Peer
from server.channels.browser.webrtc import MOST_UNSENT, WebRtcLine
from server.channels.rtvi.requests import READY_WITHIN
from server.channels.rtvi.webrtc import MOST_REQUESTS, RtviWebRtcLine
from server.channels.serializer import MISTAKES
from server.protocol import Hangup
from tests.server.staged import staged
from tests.server.test_browser import loopback

__all__ = ["loopback"]  # the fixture


class Client:
    """One of pipecat's clients, without a browser."""

    def __init__(self, url: str, kinds: Sequence[str] = ("audio", "video")) -> None:
        self.url = url
        self.peer = RTCPeerConnection()
        self.chat = self.peer.createDataChannel("chat")
        for kind in kinds:
            self.peer.addTransceiver(kind)
        self.messages: list[dict[str, Any]] = []
        self.chat.on("message", lambda told: self.messages.append(json.loads(told)))
        self.closed = asyncio.Event()
        self.peer.on("connectionstatechange", self._changed)
        self.chat.on("close", self.closed.set)
        self.pc_id: str | None = None

    def _changed(self) -> None:
        if self.peer.connectionState in ("failed", "closed"):
            self.closed.set()

    async def offer(self, **more: Any) -> int:
        """The status of the answer, which is taken where it is one."""
        await self.peer.setLocalDescription(await self.peer.createOffer())
        sdp = {"sdp": self.peer.localDescription.sdp, "type": "offer", "pc_id": self.pc_id}
        status, answer = await asked(self.url, **(sdp | more))
        if status == 200:
            self.pc_id = answer["pc_id"]
            answered = RTCSessionDescription(answer["sdp"], answer["type"])
            await self.peer.setRemoteDescription(answered)
        return status

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.peer.close()

    async def begin(self) -> None:
        """Offer, tell to be ready, and wait for the bot."""
        assert await self.offer() == 200
        await self.send("client-ready", {"version": "2.1.0"})
        await self.until("bot-ready")

    async def send(self, kind: str, data: Any = None) -> None:
        async with asyncio.timeout(10):
            while self.chat.readyState != "open":
                await asyncio.sleep(0.01)
        self.chat.send(json.dumps({"label": "rtvi-ai", "id": "7", "type": kind, "data": data}))

    async def until(self, kind: str, words: str = "") -> dict[str, Any]:
        async with asyncio.timeout(15):
            while True:
                for each in self.messages:
                    if each["type"] == kind and words in json.dumps(each, ensure_ascii=False):
                        return each
                await asyncio.sleep(0.01)

    async def left_alone(self) -> None:
        async with asyncio.timeout(10):
            await self.closed.wait()


async def asked(
    url: str, method: str = "POST", headers: dict[str, str] | None = None, **fields: Any
) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, json=fields, headers=headers) as response,
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        return response.status, await response.json()


def endpoint(caller: Any) -> str:
    host, port = caller.socket.remote_address[:2]
    return f"http://{host}:{port}/v1/rtvi/webrtc"


async def test_a_client_of_pipecat_calls_over_webrtc(tmp_path, monkeypatch, loopback):
    async with staged(tmp_path, monkeypatch) as beside, Client(endpoint(beside)) as client:
        assert await client.offer() == 200
        await client.send("client-ready", {"version": "2.1.0", "about": {"library": "test"}})
        ready = await client.until("bot-ready")
        assert (ready["id"], ready["data"]["version"].split(".")[0]) == ("7", "2")
        await client.until("bot-output", "Welcome")
        await client.until("signalling", "renegotiate")
        assert await client.offer() == 200, "the same connection, offered again"
        assert await client.offer(restart_pc=True) == 400
        await client.send("send-text", {"content": "pay everything"})
        assert "send-text" in (await client.until("error-response"))["data"]["error"]
        await client.send("disconnect-bot")
        await client.left_alone()


async def test_a_client_of_another_version_is_told_why(tmp_path, monkeypatch, loopback):
    async with staged(tmp_path, monkeypatch) as beside, Client(endpoint(beside)) as client:
        assert await client.offer() == 200
        await client.send("client-ready", {"version": "1.0.0"})
        assert "RTVI 2" in (await client.until("error"))["data"]["error"]
        await client.left_alone()


@pytest.mark.parametrize(
    ("status", "code", "fields", "headers"),
    [
        (400, "bad_hello", {"sdp": "nonsense"}, {}),
        (400, "bad_hello", {"sdp": "x" * 200_000}, {}),
        (400, "bad_hello", {"type": "answer"}, {}),
        (400, "bad_hello", {"pc_id": "guessed"}, {}),
        (401, "unauthorized", {"requestData": {"token": "guessed"}}, {}),
        (401, "unauthorized", {"requestData": {"token": "x" * 1000}}, {}),
        (401, "unauthorized", {}, {"Origin": "https://evil.example"}),
        (
            401,
            "unauthorized",
            {"requestData": {"token": "guessed"}},
            {"Origin": "https://evil.example"},
        ),
    ],
)
async def test_an_offer_is_checked_like_a_hello(
    tmp_path, monkeypatch, status, code, fields, headers
):
    async with staged(tmp_path, monkeypatch) as beside:
        sdp = {"sdp": "v=0\r\n", "type": "offer", "pc_id": None, "restart_pc": False}
        got, answer = await asked(endpoint(beside), headers=headers, **(sdp | fields))
    assert (got, answer["code"]) == (status, code)


async def test_nobody_changes_a_connection_that_is_not_theirs_or_without_end(
    tmp_path, monkeypatch, loopback
):
    async with staged(tmp_path, monkeypatch) as beside, Client(endpoint(beside)) as client:
        await client.begin()
        more = {"candidates": [{"candidate": "", "sdp_mid": "0", "sdp_mline_index": 0}]}

        async def status(pc_id: str | None, **fields: Any) -> int:
            return (await asked(client.url, "PATCH", pc_id=pc_id, **(more | fields)))[0]

        assert await status("guessed") == 400
        assert await status(client.pc_id, candidates=[{"candidate": "nonsense"}]) == 400
        told = [await status(client.pc_id) for _ in range(MOST_REQUESTS)]
        assert told == [200] * (MOST_REQUESTS - 1) + [400]


async def test_what_is_asked_after_pings_have_paused_is_answered(tmp_path, monkeypatch, loopback):
    async with staged(tmp_path, monkeypatch) as beside, Client(endpoint(beside)) as client:
        await client.begin()
        client.chat.send("ping")
        await asyncio.sleep(3.3)
        await client.send("send-text", {"content": "hello"})
        await client.until("error-response")
        await client.send("disconnect-bot")
        await client.left_alone()


@pytest.mark.parametrize("kinds", [["video", "audio"], ["audio"] + 3 * ["video"]])
async def test_an_offer_begins_with_sound_and_has_no_more_than_is_read(
    tmp_path, monkeypatch, loopback, kinds
):
    async with (
        staged(tmp_path, monkeypatch) as beside,
        Client(endpoint(beside), kinds) as client,
    ):
        assert await client.offer() == 400


async def test_a_connection_is_not_changed_to_more_than_is_read(tmp_path, monkeypatch, loopback):
    async with staged(tmp_path, monkeypatch) as beside, Client(endpoint(beside)) as client:
        await client.begin()
        for _ in range(2):
            client.peer.addTransceiver("audio")
        assert await client.offer() == 400


async def test_who_goes_before_they_are_ready_leaves_their_place(tmp_path, monkeypatch, loopback):
    async with staged(tmp_path, monkeypatch) as beside:
        client = Client(endpoint(beside))
        assert await client.offer() == 200
        async with asyncio.timeout(10):
            while client.chat.readyState != "open":
                await asyncio.sleep(0.01)
        await client.peer.close()
        gone = {"pc_id": client.pc_id, "candidates": []}
        async with asyncio.timeout(0.7 * READY_WITHIN):
            while (await asked(client.url, "PATCH", **gone))[0] == 200:
                await asyncio.sleep(0.5)


def peer(sent: list[Any]) -> Any:
    """A connection of which a test tells how much waits in it."""
    return SimpleNamespace(
        unsent=0,
        replace_audio_track=lambda _: None,
        event_handler=lambda _: lambda handler: handler,
        send_app_message=sent.append,
    )


async def test_who_has_an_endless_id_is_refused_nothing():
    sent: list[Any] = []
    line = RtviWebRtcLine(cast(Peer, there := peer(sent)))
    for name in ("1", "2" * 65, "3"):
        await line._on_message(there, {"label": "rtvi-ai", "type": "send-text", "id": name})
    assert [message["id"] for message in sent] == ["1", "3"]


@pytest.mark.parametrize("kind", [WebRtcLine, RtviWebRtcLine])
async def test_a_call_ends_whose_client_does_not_read_its_events(kind):
    sent: list[Any] = []
    line = kind(cast(Peer, there := peer(sent)))
    for there.unsent in (0, MOST_UNSENT, MOST_UNSENT + 1, 0):
        await line.tell({"type": "turn_started", "turn": 1})
    there.audio_input_track = lambda: None
    (last,) = [frame async for frame in line.frames()]
    assert len(sent) == 2
    assert isinstance(last.message, Hangup)


async def test_broken_messages_of_a_page_end_its_call():
    line = WebRtcLine(cast(Peer, there := peer([])))
    for _ in range(MISTAKES):
        await line._on_message(there, {"type": "nonsense"})
    told = [frame.message.fatal for frame in line._waiting]
    assert told == [False] * (MISTAKES - 1) + [True]
