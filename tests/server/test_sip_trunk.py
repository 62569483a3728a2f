"""What carriers' equipment does beside calling: session timers and comfort noise."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import numpy as np
import pytest

from tests.server.sip_clients import free_port
from tests.server.sip_house import sip_house
from tests.server.staged import SEND
from voice.codecs import Encoding, encode

pytestmark = pytest.mark.channels

LOCAL = "127.0.0.1"
PCMU, PCMA, COMFORT_NOISE = 0, 8, 13
ENCODINGS: dict[int, Encoding] = {PCMU: "ulaw", PCMA: "alaw"}
PACKET = 160
REPEATED = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
TIMER = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\nMin-SE: 90\r\n"


@dataclass
class Trunk:
    """One call of a carrier's gateway, written by hand.

    Attributes:
        level: What is said; None sends one packet of comfort noise and then nothing, as a gateway
            does that suppresses silence.
        codec: Of what is said.
        direction: Of the sound, as our SDP has it; on hold nothing is sent.
    """

    server: int
    port: int
    sound: int
    signals: socket.socket
    level: int | None = None
    codec: int = PCMU
    direction: str = "sendrecv"
    far_sound: int = 0
    cseq: int = 0
    to_tag: str = ""
    heard: list[np.ndarray] = field(default_factory=list)

    async def request(
        self, method: str, *, extra: str = "", sdp: bool = False, body: str = "", times: int = 1
    ) -> tuple[int, str]:
        """The final answer's status and all of it; an INVITE's is acknowledged.

        Args:
            extra: Headers; with a body that is no SDP its Content-Type, too.
            times: How often it is sent.
        """
        self.cseq += 1
        if sdp:
            extra, body = f"{extra}Content-Type: application/sdp\r\n", self._sdp()
        for _ in range(times):
            self._send(method, self.cseq, extra, body)
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

    async def press(self, keys: str, times: int = 1) -> None:
        """Keys by INFO."""
        for key in keys:
            body = f"Signal={key}\r\nDuration=120\r\n"
            kind = "Content-Type: application/dtmf-relay\r\n"
            assert (await self.request("INFO", extra=kind, body=body, times=times))[0] == 200
            await asyncio.sleep(0.3)

    async def asked(self, method: str) -> str:
        """A request of the server's, answered with 202."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            while True:
                asked = (await loop.sock_recv(self.signals, 65535)).decode()
                if asked.startswith(f"{method} "):
                    break
        kept = [line for line in asked.split("\r\n") if line.startswith(REPEATED)]
        contact = f"Contact: <sip:trunk@{LOCAL}:{self.port}>"
        answer = ("SIP/2.0 202 Accepted", *kept, contact, "Content-Length: 0", "", "")
        self.signals.sendto("\r\n".join(answer).encode(), (LOCAL, self.server))
        return asked

    def _sdp(self) -> str:
        return (
            f"v=0\r\no=- 1 {self.cseq} IN IP4 {LOCAL}\r\ns=-\r\nc=IN IP4 {LOCAL}\r\nt=0 0\r\n"
            f"m=audio {self.sound} RTP/AVP {self.codec} {COMFORT_NOISE}\r\n"
            "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n"
            f"a={self.direction}\r\n"
        )

    def _send(self, method: str, cseq: int, extra: str, body: str) -> None:
        message = (
            f"{method} sip:bank@{LOCAL}:{self.server} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOCAL}:{self.port};branch=z9hG4bK{cseq}{method};rport\r\n"
            f"From: <sip:trunk@{LOCAL}>;tag=trunk\r\nTo: <sip:bank@{LOCAL}>{self.to_tag}\r\n"
            f"Call-ID: trunk-{self.port}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:trunk@{LOCAL}:{self.port}>\r\nMax-Forwards: 70\r\n"
            f"{extra}Content-Length: {len(body)}\r\n\r\n{body}"
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
                if self.direction != "sendrecv":
                    pass
                elif self.level is not None:
                    samples = np.full(PACKET, self.level, np.int16)
                    sound = encode(samples, ENCODINGS[self.codec])
                    self._packet(rtp, self.codec, sent, sound)
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


async def says(call: Trunk, level: int = SEND + 400) -> None:
    call.level = level
    await asyncio.sleep(0.6)
    call.level = 0


async def test_the_codec_may_change_in_the_middle_of_a_call(tmp_path, monkeypatch):
    async with sip_house(tmp_path, monkeypatch) as house, trunk(house.port) as call:
        call.level = 0
        assert (await call.request("INVITE", sdp=True))[0] == 200
        await house.until("listening", "greet")
        call.codec = PCMA
        status, answer = await call.request("INVITE", sdp=True)
        assert (status, "PCMA/8000" in answer) == (200, True)
        await asyncio.sleep(0.5)
        await says(call)
        await house.until("listening", "ask_customer_number")


async def test_a_hold_longer_than_the_timeout_of_sound_ends_no_call(tmp_path, monkeypatch):
    async with (
        sip_house(tmp_path, monkeypatch, sip={"rtp_timeout": 2}) as house,
        trunk(house.port) as call,
    ):
        call.level = 0
        assert (await call.request("INVITE", sdp=True))[0] == 200
        await house.until("listening", "greet")
        call.direction = "sendonly"
        assert (await call.request("INVITE", sdp=True))[0] == 200
        await asyncio.sleep(6)
        call.direction = "sendrecv"
        assert (await call.request("INVITE", sdp=True))[0] == 200
        await asyncio.sleep(0.5)
        await says(call)
        await house.until("listening", "ask_customer_number")


async def test_plain_sound_is_refused_where_only_srtp_is_taken(tmp_path, monkeypatch):
    sip = {"encryption": "srtp-mand"}
    async with sip_house(tmp_path, monkeypatch, sip=sip) as house, trunk(house.port) as call:
        assert (await call.request("INVITE", sdp=True))[0] == 488
        assert house.events == []


async def test_a_busy_person_was_told_the_call_and_its_summary(tmp_path, monkeypatch):
    """Keys come by INFO, each sent twice as over a bad network."""
    sip = {"hand_over": "sip:desk@127.0.0.1:9", "tells_summary": True}
    async with sip_house(tmp_path, monkeypatch, sip=sip) as house, trunk(house.port) as call:
        call.level = 0
        assert (await call.request("INVITE", sdp=True))[0] == 200
        await house.until("listening", "greet")
        await says(call)
        await house.until("listening", "ask_customer_number")
        for wrong in range(1, 4):
            await call.press("40217308", times=2)
            await house.until("listening", "ask_pin", times=wrong)
            await call.press("0000", times=2)
            if wrong < 3:
                await house.until("listening", "login_failed", times=wrong)
        refer = await call.asked("REFER")
        event = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n"
        kind = "Content-Type: message/sipfrag;version=2.0\r\n"
        body = "SIP/2.0 486 Busy Here\r\n"
        assert (await call.request("NOTIFY", extra=event + kind, body=body))[0] == 200
        await house.until("listening", "hand_over_failed")
        await call.request("BYE")
        (details,) = await house.details()
    (summary,) = [event["summary"] for event in house.events if event["type"] == "transfer"]
    (to,) = re.findall(r"^Refer-To: *<sip:desk@127\.0\.0\.1:9\?(.*)>", refer, re.MULTILINE)
    told = dict(parse_qsl(to))
    assert told == {"X-Tellerline-Call": details["call"], "X-Tellerline-Summary": summary[:400]}
    assert summary
    assert "0000" not in refer
