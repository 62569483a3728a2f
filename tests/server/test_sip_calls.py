"""Telephone calls over SIP with Debian's own telephones: whole calls, and what goes wrong."""

import asyncio
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from server.admission import Drain
from server.callfiles import read_turn
from server.records import DETAILS
from tests.server.conftest import sample
from tests.server.sip_clients import Baresip, baresip, free_port
from tests.server.sip_house import SipHouse, sip_house
from tests.server.staged import SEND, YES
from tests.voice.test_dtmf import quiet, tone
from voice.loudness import TARGET_DBOV, speech_level
from voice.pcm import read_wav
from voice.resampling import Resampler

pytestmark = pytest.mark.channels


def loud(level: int, rate: int = 8000) -> np.ndarray:
    return np.full(int(0.6 * rate), level + 400, np.int16)


def recorded(turn: int) -> np.ndarray:
    return read_turn(sample("demo", turn), 8000)


def heard(phone: Baresip) -> np.ndarray:
    """All that the telephone received."""
    (path,) = phone.folder.glob("dump-*-dec.wav")
    return read_wav(path)[0]


async def log_in(house: SipHouse, phone: Baresip) -> None:
    await house.until("listening", "ask_customer_number")
    await phone.presses("40217308")
    await house.until("listening", "ask_pin")
    await phone.presses("4821")


async def test_a_telephone_pays_with_voice_and_keys(tmp_path, monkeypatch, engines):
    async with (
        sip_house(tmp_path, monkeypatch, engines=engines) as house,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(house.uri)
        await house.until("listening", "greet")
        await asyncio.sleep(1)
        await phone.says(recorded(1))
        await log_in(house, phone)
        await house.until("listening", times=4, seconds=90)
        await asyncio.sleep(1)
        await phone.says(recorded(5))
        await house.until("listening", times=5, seconds=90)
        books = house.bank.books()
        house.bank.check()
        await phone.command("hangup")
        (details,) = await house.details()
    (transfer,) = books["transfers"]
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    assert "4821" not in str(house.events)
    assert details["ended"] == "hangup"
    quality = details["quality"]
    assert quality["received"] > 500
    delay = quality["round_trip_ms"] / 2 + 2 * quality["jitter_ms"]
    busy = delay > 150 or quality["late"] > 0.02 * quality["received"]
    assert quality["mos"] > 3.5 or busy, "where neither we nor they were late"
    ours = (heard(phone).reshape(-1) / np.float32(32768)).astype(np.float32)
    assert speech_level(ours, 8000) == pytest.approx(TARGET_DBOV, abs=2)


@pytest.mark.parametrize(
    ("account", "rate"),
    [
        (";audio_codecs=pcma", 8000),
        (";audio_codecs=g722/16000/1", 16000),
        (";audio_codecs=opus/48000/2", 48000),
    ],
)
async def test_every_codec_carries_voice_both_ways(tmp_path, monkeypatch, account, rate):
    async with (
        sip_house(tmp_path, monkeypatch) as house,
        baresip(tmp_path / "phone", account=account, rate=rate) as phone,
    ):
        await phone.dial(house.uri)
        await house.until("listening", "greet")
        await asyncio.sleep(0.6)
        await phone.says(speech_like(rate), rate)
        await house.until("listening", "ask_customer_number")
        await phone.presses("40217308")
        await house.until("listening", "ask_pin")
        await phone.command("hangup")
        (details,) = await house.details()
    assert details["rate"] == rate
    assert np.abs(heard(phone)).max() > 300


def speech_like(rate: int) -> np.ndarray:
    """A tone: a codec for speech has no constant levels. Its loudness is the stage's "send"."""
    at = np.arange(int(0.6 * rate)) / rate
    return ((SEND + 450) * np.sin(2 * np.pi * 300 * at)).astype(np.int16)


@pytest.mark.parametrize("encryption", ["srtp", "dtls_srtp"])
async def test_sound_is_encrypted_where_the_caller_offers_it(tmp_path, monkeypatch, encryption):
    async with (
        sip_house(tmp_path, monkeypatch, sip={"encryption": encryption}) as house,
        baresip(tmp_path / "phone", account=f";mediaenc={encryption}") as phone,
    ):
        await phone.dial(house.uri)
        await house.until("listening", "greet")
        await asyncio.sleep(0.6)
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        log = (tmp_path / "phone" / "baresip.log").read_text()
    assert "SRTP is Enabled" in log or "srtp: audio: SRTP" in log or "secure" in log.lower(), log


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_calls_come_over_tcp_and_tls(tmp_path, monkeypatch, transport):
    certificate = pem(tmp_path) if transport == "tls" else None
    async with (
        sip_house(tmp_path, monkeypatch, sip={"certificate": certificate}) as house,
        baresip(tmp_path / "phone") as phone,
    ):
        port = house.port + (transport == "tls")
        await phone.dial(f"sip:bank@127.0.0.1:{port};transport={transport}")
        await house.until("listening", "greet")
        await phone.command("hangup")
        (details,) = await house.details()
    assert details["transport"] == transport


def pem(folder: Path) -> Path:
    """Certificate and key in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make a certificate with")
    path = folder / "both.pem"
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    out = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", *kind, *out], check=True, capture_output=True)
    path.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return path


async def test_a_caller_on_hold_is_not_asked_whether_they_are_there(tmp_path, monkeypatch):
    async with (
        sip_house(tmp_path, monkeypatch, silence=2.0) as house,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(house.uri)
        await house.until("listening", "greet")
        await phone.command("hold")
        await asyncio.sleep(6)
        assert house.actions() == ["greet"]
        await phone.command("resume")
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number")


async def test_a_caller_goes_to_a_person_and_is_back_where_nobody_answers(tmp_path, monkeypatch):
    nobody = f"sip:desk@127.0.0.1:{free_port()}"
    async with (
        sip_house(tmp_path, monkeypatch, sip={"hand_over": nobody}) as house,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(house.uri)
        await three_wrong_pins(house, phone)
        await house.until("listening", "hand_over_failed", seconds=90)
        await asyncio.sleep(0.6)
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number", times=2)


async def test_a_person_takes_the_caller_over(tmp_path, monkeypatch):
    async with baresip(tmp_path / "desk", account=";answermode=auto") as desk:
        person = f"sip:caller@127.0.0.1:{desk.port}"
        async with (
            sip_house(tmp_path, monkeypatch, sip={"hand_over": person}) as house,
            baresip(tmp_path / "phone") as phone,
        ):
            await phone.dial(house.uri)
            await three_wrong_pins(house, phone)
            await desk.until("CALL_ESTABLISHED", seconds=90)
            (details,) = await house.details()
    assert details["ended"] == "transfer"


async def three_wrong_pins(house: SipHouse, phone: Baresip) -> None:
    await house.until("listening", "greet")
    await asyncio.sleep(0.6)
    await phone.says(loud(SEND))
    await house.until("listening", "ask_customer_number")
    for wrong in range(1, 4):
        await phone.presses("40217308")
        await house.until("listening", "ask_pin", times=wrong)
        await phone.presses("0000")
        if wrong < 3:
            await house.until("listening", "login_failed", times=wrong)


async def test_keys_in_the_sound_count_where_the_trunk_has_no_other_way(tmp_path, monkeypatch):
    """Played as sound; the telephone tells of no key."""
    async with (
        sip_house(tmp_path, monkeypatch, sip={"keys_in_sound": True}) as house,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(house.uri)
        await house.until("listening", "greet")
        await asyncio.sleep(0.6)
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        await phone.says(tones("40217308"))
        await house.until("listening", "ask_pin")
        await phone.says(tones("4821"))
        await house.until("listening", "confirm")
        assert house.bank.books()["transfers"] == []


def tones(keys: str) -> np.ndarray:
    """Of keys, 120 ms each and as far apart."""
    return Resampler(16000, 8000).process(
        np.concatenate([part for key in keys for part in (tone(key, 0.12), quiet(0.12))]), last=True
    )


async def test_a_full_house_is_busy_and_the_running_call_goes_on(tmp_path, monkeypatch):
    async with (
        sip_house(tmp_path, monkeypatch, max_calls=1) as house,
        baresip(tmp_path / "first") as first,
        baresip(tmp_path / "second") as second,
    ):
        await first.dial(house.uri)
        await house.until("listening", "greet")
        await second.command("dial", house.uri)
        closed = await second.until("CALL_CLOSED")
        assert "486" in str(closed)
        await asyncio.sleep(0.6)
        await first.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        busy = (await house.details())[0]
    assert busy["ended"] == "busy"


async def test_a_server_that_drains_is_busy_and_ends_with_its_last_call(tmp_path, monkeypatch):
    drain = Drain()
    async with (
        sip_house(tmp_path, monkeypatch, drain=drain) as house,
        baresip(tmp_path / "first") as first,
        baresip(tmp_path / "second") as second,
    ):
        await first.dial(house.uri)
        await house.until("listening", "greet")
        drain.begin()
        await second.command("dial", house.uri)
        assert "486" in str(await second.until("CALL_CLOSED"))
        await asyncio.sleep(0.6)
        await first.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        await first.command("hangup")
        async with asyncio.timeout(30):
            await drain.wait()
        ended = [each["ended"] for each in await house.details(2)]
    assert ended == ["busy", "hangup"]


async def test_who_is_not_on_the_list_is_not_served(tmp_path, monkeypatch):
    """A From that claims to be near helps nobody: the socket's own address counts."""
    address = outside_address()
    async with sip_house(tmp_path, monkeypatch, sip={"host": "0.0.0.0"}) as house:
        assert await status_of_invite(address, house.port) == 486
    assert not list(tmp_path.glob(f"*{DETAILS}"))
    async with sip_house(
        tmp_path, monkeypatch, sip={"host": "0.0.0.0", "allow": [address]}
    ) as house:
        assert await status_of_invite(address, house.port) == 200


def outside_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = str(probe.getsockname()[0])
        except OSError:
            address = "127.0.0.1"
    if address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    return address


async def status_of_invite(address: str, port: int) -> int:
    """The final answer to an INVITE from an address that claims to be loopback."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.setblocking(False)
        caller.bind((address, 0))
        own = caller.getsockname()[1]
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        invite = (
            f"INVITE sip:bank@{address}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{own};rport\r\n"
            f"From: <sip:friend@127.0.0.1>;tag=a{own}\r\nTo: <sip:bank@{address}>\r\n"
            f"Call-ID: list-{own}\r\nCSeq: 1 INVITE\r\nContact: <sip:friend@{address}:{own}>\r\n"
            f"Max-Forwards: 70\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        await loop.sock_sendto(caller, invite.encode(), (address, port))
        async with asyncio.timeout(10):
            while True:
                answer = (await loop.sock_recv(caller, 65535)).decode()
                status = int(answer.split()[1])
                if answer.startswith("SIP/2.0") and status >= 200:
                    return status


async def test_the_yes_of_a_telephone_moves_money_once(tmp_path, monkeypatch):
    async with (
        sip_house(tmp_path, monkeypatch) as house,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(house.uri)
        await house.until("listening", "greet")
        await asyncio.sleep(0.6)
        await phone.says(loud(SEND))
        await log_in(house, phone)
        await house.until("listening", "confirm")
        await asyncio.sleep(1)
        await phone.says(loud(YES))
        await house.until("listening", times=5)
        assert len(house.bank.books()["transfers"]) == 1
