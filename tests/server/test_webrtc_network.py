"""WebRTC over a bad network: 5% lost, 2% doubled, up to 60 ms late and out of order."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket
from av import AudioFrame
from pipecat.frames.frames import InputAudioRawFrame, InputTransportMessageFrame

from server.channels.browser.peer import Peer
from server.channels.browser.reordering import Reordering
from server.channels.browser.webrtc import WebRtcLine, mono
from server.channels.gap import GAP
from server.channels.order import HELD
from server.protocol import Hangup
from tests.server.bad_network import Weather
from tests.server.test_browser import loopback
from tests.server.test_sip_network import PEAK, RATE, SECONDS, WINDOW
from tests.server.test_wires import paid

__all__ = ["loopback"]  # the fixture

TONE = 210
"""Hz; a packet is no whole number of its periods, so that one left out is a step."""

MOST_DB = {"opus": 2.0, "pcmu": 0.9, "g722": 0.9}
"""Of a window's level: a hole of one packet is 0.97; Opus comes back softer after a loss."""

CANDIDATE = re.compile(r"(?<=127\.0\.0\.1 )\d+(?= typ host)")


class Receiver(RTCRtpReceiver):
    """aiortc's, without a connection: what it would decode is taken from it."""

    def __init__(self, name: str, payload_type: int) -> None:
        super().__init__("audio", SimpleNamespace(state="connected"))
        codec = RTCRtpCodecParameters(f"audio/{name}", 48000, 1, payload_type)
        self._RTCRtpReceiver__codecs = {payload_type: codec}
        self._RTCRtpReceiver__decoder_thread = True
        self.order = Reordering()
        self.order.stand_before(self)

    async def frames(self, packet: RtpPacket) -> list[JitterFrame]:
        """What comes out once a packet has come in."""
        await self._handle_rtp_packet(packet, arrival_time_ms=0)
        decoded = self._RTCRtpReceiver__decoder_queue
        return [decoded.get()[1] for _ in range(decoded.qsize())]


async def through(receiver: Receiver, arrivals: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """When each packet comes out, of those that come in."""
    out = []
    for at, number in sorted(arrivals):
        packet = RtpPacket(
            sequence_number=number % 65536, timestamp=number * 960, payload=b"%d" % number
        )
        out += [(at, int(frame.data)) for frame in await receiver.frames(packet)]
    return out


@pytest.mark.parametrize(
    ("weather", "lag"),
    [
        (Weather(0, 0, 0), 0.001),
        (Weather(0.01, 0, 0), 0.001),
        (Weather(), 0.061),
    ],
)
async def test_packets_come_out_in_order_and_soon_and_none_is_thrown_away(weather, lag):
    start = 65500  # the numbers wrap
    sent = [(n * 0.02, start + n) for n in range(3000)]
    arrivals = [(at + late, n) for at, n in sent for late in weather.copies()]
    out = await through(Receiver("PCMU", 0), arrivals)
    times, numbers = map(np.array, zip(*out, strict=True))
    first = numbers[0]
    assert (np.diff(numbers) > 0).all()
    assert {n for _, n in arrivals if n >= first} - set(numbers) <= set(range(start + 2990, 70000))
    assert np.median(times - (numbers - start) * 0.02) <= lag
    assert np.diff(times).max() < GAP + HELD * 0.02, "silence would be put between words"


async def test_who_counts_anew_is_heard_at_once_and_a_hole_holds_up_few():
    receiver, anew = Receiver("PCMU", 0), [(0.0, 5000), (1.0, 100), (2.0, 101)]
    assert await through(receiver, anew) == anew
    after = [(float(n), 110 + n) for n in range(HELD + 2)]
    out = await through(receiver, after)
    assert out == [(max(at, HELD), number) for at, number in after]
    assert receiver.order.waiting == 0


async def test_another_source_is_heard_from_its_first_packet_after_all_of_the_one_before():
    receiver, out = Receiver("PCMU", 0), []
    for ssrc, number in ((1, 1000), (1, 1002), (2, 950), (2, 951)):
        packet = RtpPacket(sequence_number=number, ssrc=ssrc, payload=b"%d" % number)
        out += [int(frame.data) for frame in await receiver.frames(packet)]
    assert out == [1000, 1002, 950, 951]


def tone_of(begin: int) -> AudioFrame:
    """20 ms of it."""
    samples = PEAK * np.sin(2 * np.pi * TONE * np.arange(begin, begin + 960) / 48000)
    frame = AudioFrame.from_ndarray(np.repeat(samples.astype(np.int16), 2)[None], "s16", "stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
    return frame


@pytest.mark.parametrize("lost", [1, 2, 5, 6])
async def test_a_lost_packet_of_opus_is_stood_in_for_by_its_decoder(lost):
    encoder, decoder, receiver = OpusEncoder(), OpusDecoder(), Receiver("opus", 96)
    sound, ends = [], []
    for number in range(60):
        data, timestamp = encoder.encode(tone_of(number * 960))
        if not data or 30 <= number < 30 + lost:
            continue
        sent = RtpPacket(96, sequence_number=number, timestamp=timestamp, payload=data[0])
        for frame in await receiver.frames(sent):
            for decoded in decoder.decode(frame):
                sound.append(mono(decoded))
                ends.append(decoded.pts + decoded.samples)
    samples = np.concatenate(sound).astype(float)
    missing = ends[-1] - len(samples)
    assert missing == (0 if lost < 6 else lost * 960)
    assert np.abs(np.diff(samples)).max() < 2 * PEAK * 2 * np.pi * TONE / 48000 or missing


class Tone(MediaStreamTrack):
    """A steady one, at the pace at which it is heard."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent, self._began = 0, asyncio.get_running_loop().time()

    async def recv(self) -> AudioFrame:
        due = self._began + self._sent / 48000
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        self._sent += 960
        return tone_of(self._sent - 960)


class Relay(asyncio.DatagramProtocol):
    """Between the two ends, which take it for one another; it spoils what the caller says."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.ends: dict[str, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.weather.lost == 1:
            return  # of anything
        to_caller = addr[1] == self.ends["answer"]
        is_sound = 128 <= data[0] < 192 and not 192 <= data[1] < 224  # RFC 7983, RFC 5761
        there = ("127.0.0.1", self.ends["offer" if to_caller else "answer"])
        for late in self.weather.copies() if is_sound and not to_caller else [0.0]:
            asyncio.get_running_loop().call_later(late, self._transport.sendto, data, there)

    def instead(self, told: RTCSessionDescription) -> RTCSessionDescription:
        """A description with our address in place of its sender's."""
        self.ends[told.type] = int(CANDIDATE.findall(told.sdp)[0])
        return RTCSessionDescription(CANDIDATE.sub(str(self.port), told.sdp), told.type)


@pytest.fixture
async def weather(monkeypatch, loopback) -> AsyncIterator[Weather]:
    """What happens to the sound of every connection."""
    made = Weather()
    transport, relay = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Relay(made), ("127.0.0.1", 0)
    )
    take = RTCPeerConnection.setRemoteDescription

    async def taken(self: RTCPeerConnection, told: RTCSessionDescription) -> None:
        await take(self, relay.instead(told))

    monkeypatch.setattr(RTCPeerConnection, "setRemoteDescription", taken)
    yield made
    transport.close()


@asynccontextmanager
async def line_of_a_tone(codec: str) -> AsyncIterator[WebRtcLine]:
    """A line at whose other end the tone is sent."""
    caller, peer = RTCPeerConnection(), Peer()
    transceiver = caller.addTransceiver(Tone(), "sendrecv")
    known = RTCRtpSender.getCapabilities("audio").codecs
    transceiver.setCodecPreferences([c for c in known if c.mimeType.lower() == f"audio/{codec}"])
    await caller.setLocalDescription(await caller.createOffer())
    await peer.initialize(caller.localDescription.sdp, "offer")
    answer = peer.get_answer()
    await caller.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
    line = WebRtcLine(peer)
    try:
        assert await line.connected(10)
        yield line
    finally:
        await line.close()
        await caller.close()


@pytest.mark.channels
@pytest.mark.parametrize("codec", MOST_DB)
async def test_lost_packets_are_concealed_without_pops(weather, codec):
    """A steady tone: no step in it is steeper than the tone itself by much, and no hole opens."""
    heard = b""
    async with line_of_a_tone(codec) as line:
        async for frame in line.frames():
            heard += frame.audio if isinstance(frame, InputAudioRawFrame) else b""
            if len(heard) > 2 * RATE * (SECONDS + 1):
                break
        delay = line.delay
    sound = np.frombuffer(heard, np.int16).astype(float)[RATE // 2 :][: SECONDS * RATE]
    levels = np.sqrt((sound.reshape(-1, WINDOW) ** 2).mean(axis=1)) * np.sqrt(2) / PEAK
    assert weather.counts["lost"] > 10
    assert 0 <= delay["network"] < 0.2, "as the reports of RTCP tell"
    assert delay.get("reordering", 0.0) <= 0.06 + 1e-9
    assert np.abs(20 * np.log10(levels)).max() < MOST_DB[codec], levels.round(2)
    assert np.abs(np.diff(sound)).max() < 2.5 * PEAK * 2 * np.pi * TONE / RATE


@pytest.mark.channels
async def test_a_whole_call_over_a_bad_network_pays_once(weather, tmp_path, monkeypatch):
    log, transfers = await paid("webrtc", tmp_path, monkeypatch)
    assert [(t["to"], t["amount"]) for t in transfers] == [("Anna Keller", "50.00")]
    assert log.ended == "hangup"
    assert min(weather.counts["lost"], weather.counts["doubled"]) > 0


async def test_sound_before_a_pause_is_heard_before_the_pause(weather, monkeypatch):
    fate = iter([*[[0.0]] * 50, [], [0.0], [0.0]])  # one is lost, two come after it, then none
    monkeypatch.setattr(weather, "copies", lambda: next(fate, []))
    async with line_of_a_tone("opus") as line, asyncio.timeout(15):
        spoken = False
        async for frame in line.frames():
            if isinstance(frame, InputAudioRawFrame):
                if spoken and not any(frame.audio):
                    break
                spoken = spoken or any(frame.audio)
        assert "reordering" not in line.delay


async def test_a_caller_who_dies_without_a_word_is_gone_after_a_while(weather, monkeypatch):
    """As ICE tells (RFC 7675), which asks for consent every five seconds, six times."""
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.3)
    weather.lost = 0.0
    async with line_of_a_tone("opus") as line, asyncio.timeout(15):
        async for frame in line.frames():
            if isinstance(frame, InputTransportMessageFrame) and isinstance(frame.message, Hangup):
                return
            weather.lost = 1
    raise AssertionError("it is still there")
