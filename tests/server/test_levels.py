"""Our voice leaves at -20 dBov ± 2 on every wire; SIP's is measured at a telephone."""

import asyncio
import base64
import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pipecat.frames.protobufs.frames_pb2 as protobufs
import pytest
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterFrame
from pipecat.frames.frames import OutputAudioRawFrame

from server.callfiles import read_turn
from server.channels.audiosocket import WIRE_RATE, AudioSocketLine
from server.channels.browser.peer import Peer
from server.channels.browser.webrtc import WebRtcLine, mono
from server.channels.providers.routes import KINDS
from server.channels.providers.serializer import ProviderSerializer
from server.channels.rtvi.serializer import PLAYER_RATE, RtviSerializer
from server.channels.serializer import CallSerializer
from server.protocol import Hello
from tests.server.conftest import sample
from tests.server.test_providers import DIRECT, LINEAR, SECRETS, Phone
from tests.server.test_rtvi_webrtc import peer
from voice.codecs import Encoding, decode
from voice.loudness import TARGET_DBOV, gain_for, limited, speech_level
from voice.pcm import Samples
from voice.turns import RATE

PIECE = RATE // 50


@pytest.fixture(scope="module")
def pieces() -> list[OutputAudioRawFrame]:
    """A phrase as our voice is levelled."""
    phrase = read_turn(sample("demo", 1), RATE) / np.float32(32768)
    levelled = limited(phrase * np.float32(gain_for(phrase, RATE)))
    whole = levelled[: len(levelled) // PIECE * PIECE].reshape(-1, PIECE)
    return [OutputAudioRawFrame(each.tobytes(), RATE, 1) for each in whole]


def check(heard: list[Samples], rate: int) -> None:
    whole = np.concatenate(heard)
    assert len(whole) > 0.9 * rate
    level = speech_level((whole / np.float32(32768)).astype(np.float32), rate)
    assert level == pytest.approx(TARGET_DBOV, abs=2)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("encoding", ["pcm16", "ulaw", "alaw"])
async def test_our_own_websocket(pieces, rate, encoding):
    hello = Hello(type="hello", version=1, sample_rate=rate, encoding=encoding)
    wire = CallSerializer(hello)
    check([decode(cast(bytes, await wire.serialize(each)), encoding) for each in pieces], rate)


async def test_pipecats_clients(pieces):
    wire = RtviSerializer()
    sent = [protobufs.Frame.FromString(await wire.serialize(each)) for each in pieces]
    check([decode(each.audio.audio, "pcm16") for each in sent], PLAYER_RATE)


async def test_audiosocket(pieces, monkeypatch):
    messages: list[bytes] = []

    async def drain() -> None:
        pass

    writer = SimpleNamespace(write=messages.append, drain=drain, is_closing=lambda: False)
    line = AudioSocketLine(asyncio.StreamReader(), cast(asyncio.StreamWriter, writer))
    monkeypatch.setattr("server.channels.audiosocket.LEAD", 60.0)  # at once
    for each in pieces:
        await line.play(np.frombuffer(each.audio, np.int16))
    check([decode(message[3:], "pcm16") for message in messages], WIRE_RATE)


@pytest.mark.parametrize("name", SECRETS | DIRECT)
async def test_providers(pieces, name):
    told: list[str] = []

    async def send(message: str) -> None:
        told.append(message)

    phone = Phone(name, cast(Any, SimpleNamespace(send=send)))
    await phone.start()
    provider = KINDS[name]((SECRETS | DIRECT)[name])
    (stream,) = [found for each in told if (found := provider.stream(each))]
    wire = ProviderSerializer(provider, stream)
    await wire.begin()
    sent = [await wire.serialize(each) for each in pieces]
    encoding: Encoding = "pcm16" if name in LINEAR else "ulaw"
    check([decode(_sound(each), encoding) for each in sent if each], stream.rate)


def _sound(message: str | bytes) -> bytes:
    if isinstance(message, bytes):
        return message
    return base64.b64decode(json.loads(message)["media"]["payload"])


async def test_webrtc(pieces):
    """Through Opus, as aiortc sends it."""
    line = WebRtcLine(cast(Peer, peer([])))
    encoder, decoder = OpusEncoder(), OpusDecoder()
    heard: list[Samples] = []
    for each in pieces:
        await line.play(np.frombuffer(each.audio, np.int16))
        while line._speaker.waiting:
            packets, at = encoder.encode(await line._speaker.recv())
            for packet in packets:
                heard += [mono(frame) for frame in decoder.decode(JitterFrame(packet, at))]
    check(heard, 48000)
