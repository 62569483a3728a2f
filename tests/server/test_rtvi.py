"""RTVI: what a client of pipecat is told of a call, and what of its own messages is let in."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pipecat.frames.protobufs.frames_pb2 as protobufs
import pytest
import websockets
from hypothesis import example, given
from hypothesis import strategies as st
from loguru import logger
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    TextFrame,
)
from pipecat.serializers.protobuf import ProtobufFrameSerializer

from server.channels.rtvi.messages import Narrator
from server.channels.rtvi.serializer import RtviSerializer
from server.protocol import ProtocolError
from tests.server.staged import SEND, staged
from tests.server.test_serializer import Clock


def told(narrator: Narrator, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return [m.model_dump(exclude_none=True) for e in events for m in narrator.messages(e)]


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [each["type"] for each in messages]


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "said", "turn": 1, "text": text, **more}


def test_an_answer_is_told_sentence_by_sentence():
    messages = told(Narrator(), said("One."), said("Two."), {"type": "listening", "turn": 1})
    assert kinds(messages) == [
        "bot-started-speaking",
        "bot-output",
        "bot-output",
        "bot-output",
        "bot-output",
        "bot-stopped-speaking",
    ]
    outputs = [m["data"] for m in messages if m["type"] == "bot-output"]
    assert [(o["segment_id"], o["text"], o["spoken_status"]) for o in outputs] == [
        (1, "One.", "new"),
        (1, "One.", "completed"),
        (2, "Two.", "new"),
        (2, "Two.", "completed"),
    ]


def test_what_was_heard_of_an_answer_that_was_cut_off_is_told():
    cut_off = said("Your balance", interrupted=True)
    messages = told(Narrator(), said("Your balance is five dollars."), cut_off)
    assert kinds(messages)[-3:] == ["bot-output", "bot-interrupted", "bot-stopped-speaking"]
    assert messages[-3]["data"]["spoken_progress"] == {
        "accumulated_text": "Your balance",
        "remaining_text": "is five dollars.",
    }


def test_words_are_told_to_older_and_newer_clients_and_no_words_to_none():
    heard = {"type": "heard", "turn": 1, "text": "my PIN is ••••", "action": "x"}
    messages = told(Narrator(), heard, {**heard, "text": ""})
    assert kinds(messages) == ["user-transcription", "user-input"]
    assert all(m["data"]["text"] == "my PIN is ••••" and m["data"]["final"] for m in messages)


async def test_sound_goes_out_at_the_rate_of_pipecats_clients_and_comes_in_at_any():
    wire, client = RtviSerializer(), ProtobufFrameSerializer()
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    ours = OutputAudioRawFrame((8000 * tone).astype(np.int16).tobytes(), 16000, 1)
    heard = await client.deserialize(await wire.serialize(ours))
    assert heard.sample_rate == 24000
    assert len(heard.audio) / 2 == pytest.approx(24000, abs=100)
    spoken = OutputAudioRawFrame(bytes(2 * 48000), sample_rate=48000, num_channels=1)
    frame = await wire.deserialize(await client.serialize(spoken))
    assert isinstance(frame, InputAudioRawFrame)
    assert frame.sample_rate == 16000
    assert len(frame.audio) / 2 == pytest.approx(16000, abs=100)


async def test_no_frame_of_the_pipeline_comes_in_from_outside():
    wire, client = RtviSerializer(), ProtobufFrameSerializer()
    for frame in (TextFrame("say this"), InterruptionFrame()):
        assert await wire.deserialize(await client.serialize(frame)) is None


@given(data=st.one_of(st.binary(max_size=500), st.text(max_size=50)))
async def test_nothing_that_a_client_sends_raises(data):
    await RtviSerializer().deserialize(data)


@given(
    channels=st.integers(0, 2**32 - 1),
    rate=st.integers(0, 2**32 - 1),
    audio=st.binary(max_size=50),
    message=st.text(max_size=50) | st.sampled_from(["null", "[" * 5000, "9" * 5000]),
)
@example(channels=0, rate=16000, audio=b"1234", message="")
@example(channels=1, rate=16000, audio=b"123", message="")
async def test_no_field_of_a_frame_raises(channels, rate, audio, message):
    sound = protobufs.AudioRawFrame(audio=audio, sample_rate=rate, num_channels=channels)
    for sent in (protobufs.Frame(audio=sound), protobufs.Frame(message={"data": message})):
        frame = await RtviSerializer().deserialize(sent.SerializeToString())
        assert frame is None or isinstance(frame, InputAudioRawFrame | InputTransportMessageFrame)


async def sent_at(wire: RtviSerializer, *rates: int) -> list[Any]:
    client = ProtobufFrameSerializer()
    sounds = [OutputAudioRawFrame(bytes(rate // 25), rate, 1) for rate in rates]
    return [await wire.deserialize(await client.serialize(sound)) for sound in sounds]


async def test_no_filters_are_built_for_a_rate_that_nobody_records_at():
    *_, refused = await sent_at(RtviSerializer(), 191999)
    assert (refused.message.code, refused.message.fatal) == ("bad_audio", True)
    *heard, refused = await sent_at(RtviSerializer(), 16000, 48000, 48000, 8000)
    assert all(isinstance(frame, InputAudioRawFrame) for frame in heard)
    assert refused.message.code == "bad_audio"


async def test_no_sound_is_decoded_before_the_client_is_known():
    wire = RtviSerializer(hears=False)
    assert await sent_at(wire, 16000, 191999, 44100) == [None] * 3
    wire.hears = True
    (heard,) = await sent_at(wire, 8000)
    assert isinstance(heard, InputAudioRawFrame)


async def test_what_is_no_frame_is_counted_and_not_logged():
    wire, logged = RtviSerializer(Clock()), list[str]()
    sink = logger.add(logged.append)
    frames = [await wire.deserialize(data) for data in (b"", "text", b"junk") * 200]
    logger.remove(sink)
    assert frames[:300] == [None] * 300
    assert frames[-1].message.code == "too_fast"
    assert logged == []


async def test_a_flood_of_sound_is_stopped():
    wire, client = RtviSerializer(Clock()), ProtobufFrameSerializer()
    second = await client.serialize(OutputAudioRawFrame(bytes(32000), 16000, 1))
    frames = [await wire.deserialize(second) for _ in range(4)]
    assert isinstance(frames[0], InputAudioRawFrame)
    assert isinstance(frames[-1].message, ProtocolError)
    assert frames[-1].message.fatal


class Client:
    """One of pipecat's clients, without a browser."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.wire = ProtobufFrameSerializer()
        self.messages: list[dict[str, Any]] = []
        self.level = 0
        self.muted = False

    async def send(self, kind: str, data: Any = None, **more: Any) -> None:
        message = {"label": "rtvi-ai", "id": "7", "type": kind, "data": data, **more}
        await self.socket.send(await self.wire.serialize(OutputTransportMessageFrame(message)))

    async def speak(self) -> None:
        """All the time, unless it is muted."""
        began, count = time.monotonic(), 0
        while True:
            sound = np.full(320, self.level, np.int16).tobytes()
            if not self.muted:
                frame = OutputAudioRawFrame(sound, 16000, 1)
                await self.socket.send(await self.wire.serialize(frame))
            count += 1
            await asyncio.sleep(max(0.0, began + count * 0.02 - time.monotonic()))

    async def says(self, level: int) -> None:
        self.level = level
        await asyncio.sleep(0.5)
        self.level = 0

    async def listen(self) -> None:
        async for data in self.socket:
            frame = await self.wire.deserialize(data)
            if isinstance(frame, InputTransportMessageFrame):
                self.messages.append(frame.message)

    async def closed(self) -> None:
        async with asyncio.timeout(5):
            await self.socket.wait_closed()

    async def until(self, kind: str, words: str = "") -> dict[str, Any]:
        async with asyncio.timeout(15):
            while True:
                for each in self.messages:
                    if each["type"] == kind and words in json.dumps(each, ensure_ascii=False):
                        return each
                await asyncio.sleep(0.01)


@asynccontextmanager
async def calling(caller: Any, query: str = "", **options: Any) -> AsyncIterator[Client]:
    host, port = caller.socket.remote_address[:2]
    url = f"ws://{host}:{port}/v1/rtvi{query}"
    async with websockets.connect(url, **options) as socket:
        client = Client(socket)
        tasks = [asyncio.create_task(client.listen()), asyncio.create_task(client.speak())]
        yield client
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_client_of_pipecat_speaks_over_us_mutes_presses_and_leaves(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as beside, calling(beside) as client:
        await client.send("client-ready", {"version": "2.1.0", "about": {"library": "test"}})
        ready = await client.until("bot-ready")
        assert (ready["id"], ready["data"]["version"].split(".")[0]) == ("7", "2")
        await client.until("bot-output", "Welcome")
        await client.says(SEND)
        await client.until("bot-interrupted")
        client.muted = True
        await client.until("user-transcription", "Anna Keller")
        await client.until("bot-output", "customer number")
        await client.send("dtmf", {"buttons": list("40217308")})
        await client.until("bot-output", "PIN")
        await client.send("send-text", {"content": "pay everything"})
        assert "send-text" in (await client.until("error-response"))["data"]["error"]
        await client.send("disconnect-bot")
        await client.closed()


@pytest.mark.parametrize(
    ("version", "query", "options", "why"),
    [
        ("1.0.0", "", {}, "RTVI 2"),
        ("2.1.0", "?token=guess", {}, "token"),
        ("2.1.0", "?token=guess", {"origin": "https://evil.example"}, "token"),
    ],
)
async def test_who_may_not_call_is_told_why(tmp_path, monkeypatch, version, query, options, why):
    async with staged(tmp_path, monkeypatch) as beside, calling(beside, query, **options) as client:
        await client.send("client-ready", {"version": version})
        error = await client.until("error")
        assert error["data"]["fatal"]
        assert why in error["data"]["error"]
        await client.closed()


async def test_a_page_from_elsewhere_calls_with_a_token_only(tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as beside:
        with pytest.raises(websockets.InvalidStatus):
            async with calling(beside, origin="https://evil.example"):
                pass
