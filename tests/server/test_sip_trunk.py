"""What carriers' equipment does beside calling: session timers and comfort noise."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.server.sip_clients import free_port
from tests.server.sip_house import sip_house
from tests.server.staged import SEND
from voice.codecs import encode

pytestmark = pytest.mark.channels

LOCAL = "127.0.0.1"
PCMU, COMFORT_NOISE = 0, 13
PACKET = 160
TIMER = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\nMin-SE: 90\r\n"


@dataclass
class Trunk:
    """One call of a carrier's gateway, written by hand.

    Attributes:
        level: What is said; None sends one packet of comfort noise and then nothing, as a gateway
            does that suppresses silence.
    """

    server: int
    port: int
    sound: int
    signals: socket.socket
    level: int | None = None
    far_sound: int = 0
    cseq: int = 0
    to_tag: str = ""
    heard: list[np.ndarray] = field(default_factory=list)

    async def request(self, method: str, *, extra: str = "", sdp: bool = False) -> tuple[int, str]:
        """The final answer's status and all of it; an INVITE's is acknowledged."""
        self.cseq += 1
        self._send(method, self.cseq, extra, self._sdp() if sdp else "")
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            while True:
                answer = (await loop.sock_recv(self.signals, 65535)).decode()
                status = int(answer.split()[1]) if answer.startswith("SIP/2.0") else 0
                if status < 200 or f"CSeq: {self.cseq} {method}" not in answer:
                    continue
                if found := re.search(r"^To:.*(;tag=\S+)", answer, re.MULTILINE):
                    self.to_tag = found[1]
                if method == "INVITE":
                    self._send("ACK", self.cseq, "", "")
                if found := re.search(r"m=audio (\d+)", answer):
                    self.far_sound = int(found[1])
                return status, answer

    def _sdp(self) -> str:
        return (
            f"v=0\r\no=- 1 {self.cseq} IN IP4 {LOCAL}\r\ns=-\r\nc=IN IP4 {LOCAL}\r\nt=0 0\r\n"
            f"m=audio {self.sound} RTP/AVP {PCMU} {COMFORT_NOISE}\r\n"
            "a=rtpmap:0 PCMU/8000\r\na=rtpmap:13 CN/8000\r\n"
        )

    def _send(self, method: str, cseq: int, extra: str, body: str) -> None:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        message = (
            f"{method} sip:bank@{LOCAL}:{self.server} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOCAL}:{self.port};branch=z9hG4bK{cseq}{method};rport\r\n"
            f"From: <sip:trunk@{LOCAL}>;tag=trunk\r\nTo: <sip:bank@{LOCAL}>{self.to_tag}\r\n"
            f"Call-ID: trunk-{self.port}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:trunk@{LOCAL}:{self.port}>\r\nMax-Forwards: 70\r\n"
            f"{extra}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self.signals.sendto(message.encode(), (LOCAL, self.server))

    async def speak(self) -> None:
        """20 ms packets, at their time."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
            rtp.setblocking(False)
            rtp.bind((LOCAL, self.sound))
            began, sent, was = loop.time(), 0, self.level
            while True:
                if self.level is not None:
                    samples = np.full(PACKET, self.level, np.int16)
                    self._packet(rtp, PCMU, sent, encode(samples, "ulaw"))
                elif was is not None or sent == 0:
                    self._packet(rtp, COMFORT_NOISE, sent, bytes([60]))
                was, sent = self.level, sent + 1
                await asyncio.sleep(max(0.0, began + sent * 0.02 - loop.time()))

    def _packet(self, rtp: socket.socket, kind: int, number: int, payload: bytes) -> None:
        if not self.far_sound:
            return
        head = bytes([0x80, kind]) + number.to_bytes(2, "big")
        head += (number * PACKET).to_bytes(4, "big") + b"\x00\x00\x00\x07"
        rtp.sendto(head + payload, (LOCAL, self.far_sound))


@asynccontextmanager
async def trunk(server: int) -> AsyncIterator[Trunk]:
    port, sound = free_port(), free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as signals:
        signals.setblocking(False)
        signals.bind((LOCAL, port))
        calling = Trunk(server, port, sound, signals)
        speaking = asyncio.create_task(calling.speak())
        try:
            yield calling
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


async def test_a_trunk_keeps_its_session_alive_and_sends_comfort_noise(tmp_path, monkeypatch):
    """RFC 4028 with the trunk as refresher, by UPDATE and by re-INVITE; RFC 3389 in between.

    What is said between two silences is heard as one turn: the noise is neither speech nor a gap.
    """
    async with sip_house(tmp_path, monkeypatch) as house, trunk(house.port) as call:
        status, _ = await call.request("INVITE", extra=TIMER, sdp=True)
        assert status == 200
        await house.until("listening", "greet")
        assert (await call.request("UPDATE", extra=TIMER))[0] == 200
        call.level = SEND + 400
        await asyncio.sleep(0.6)
        call.level = None
        await house.until("listening", "ask_customer_number")
        assert (await call.request("INVITE", extra=TIMER, sdp=True))[0] == 200
        await asyncio.sleep(1.0)
        call.level = SEND + 400
        await asyncio.sleep(0.6)
        call.level = None
        await house.until("heard", times=2)
        assert (await call.request("BYE"))[0] == 200
        (details,) = await house.details()
    assert details["ended"] == "hangup"
    assert [event["type"] for event in house.events].count("heard") == 2


async def test_a_trunk_that_insists_on_timers_of_ours_is_told_that_we_have_none(
    tmp_path, monkeypatch
):
    async with sip_house(tmp_path, monkeypatch) as house, trunk(house.port) as call:
        status, answer = await call.request("INVITE", extra="Require: timer\r\n" + TIMER, sdp=True)
    assert (status, "Unsupported: timer" in answer) == (420, True)


async def test_a_trunk_that_has_died_is_no_call_any_more(tmp_path, monkeypatch):
    """What session timers are for: its sound stops, and so does its call."""
    async with sip_house(tmp_path, monkeypatch, sip={"rtp_timeout": 2}) as house:
        async with trunk(house.port) as call:
            call.level = 0
            await call.request("INVITE", extra=TIMER, sdp=True)
            await house.until("listening", "greet")
        (details,) = await house.details()
    assert details["ended"] in ("hangup", "lost")
