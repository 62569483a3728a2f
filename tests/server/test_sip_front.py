"""Kamailio in front: who may call, how often, nothing broken; and broken messages without it."""

import asyncio
import hashlib
import re
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.server.sip_clients import baresip, free_ports
from tests.server.sip_house import SipHouse, sip_house
from tests.server.staged import SEND
from tests.server.test_sip_calls import loud, outside_address, status_of_invite
from tests.server.test_sip_process import sip_process
from tests.server.torture import SDP, message, messages

pytestmark = pytest.mark.channels

CONFIG = Path(__file__).parents[2] / "deploy" / "kamailio.cfg"


@asynccontextmanager
async def kamailio(
    folder: Path, teller: str, *, host: str = "127.0.0.1", **defines: str
) -> AsyncIterator[int]:
    """The configuration that we ship, on a free port."""
    if shutil.which("kamailio") is None:
        pytest.skip("no kamailio: apt-get install kamailio")
    port = free_ports(1)
    given = {"LISTEN_IP": host, "LISTEN_PORT": str(port), "TELLER": f'"{teller}"', **defines}
    options = [part for name, value in given.items() for part in ("-A", f"{name}={value}")]
    log = (folder / "kamailio.log").open("w")
    process = await asyncio.create_subprocess_exec(
        *("kamailio", "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(folder)),
        *("-P", str(folder / "k.pid"), "-f", str(CONFIG), *options),
        stdout=log,
        stderr=log,
    )
    try:
        await _answers(host, port)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        log.close()


async def _answers(host: str, port: int) -> None:
    """Until OPTIONS are answered."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.bind((host, 0))
        own = probe.getsockname()[1]
        ask = message(
            "OPTIONS",
            line=f"OPTIONS sip:{host}:{port} SIP/2.0",
            body="",
            Via=f"SIP/2.0/UDP {host}:{own};branch=z9hG4bKprobe;rport",
        )
        for _ in range(100):
            await loop.sock_sendto(probe, ask.encode(), (host, port))
            try:
                async with asyncio.timeout(0.2):
                    await loop.sock_recv(probe, 65535)
                return
            except (TimeoutError, ConnectionError):
                await asyncio.sleep(0.05)
    raise RuntimeError("kamailio does not answer")


async def test_a_call_comes_through_the_front(tmp_path, monkeypatch):
    async with (
        sip_house(tmp_path, monkeypatch) as house,
        kamailio(tmp_path, house.uri) as port,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(f"sip:bank@127.0.0.1:{port}")
        await house.until("listening", "greet")
        await asyncio.sleep(0.6)
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        await phone.presses("40217308")
        await house.until("listening", "ask_pin")
        await phone.command("hangup")
        (details,) = await house.details()
    assert details["ended"] == "hangup"


async def test_the_front_lets_in_trunks_and_passwords_only(tmp_path, monkeypatch):
    address = outside_address()
    async with sip_house(tmp_path, monkeypatch) as house:
        teller = f"sip:bank@127.0.0.1:{house.port}"
        async with kamailio(tmp_path, teller, host=address) as port:
            assert await status_of_invite(address, port) == 403
        async with kamailio(tmp_path, teller, host=address, SECRET='"long secret"') as port:
            assert await status_of_invite(address, port) == 407


@pytest.mark.parametrize("counted", [True, False])
async def test_the_front_takes_the_right_password_once(tmp_path, monkeypatch, counted):
    """From an address that is in no list; with a wrong one, or a copied answer, it asks again."""
    async with (
        sip_house(tmp_path, monkeypatch) as house,
        kamailio(tmp_path, house.uri, SECRET='"long secret"') as port,
    ):
        statuses = []
        with guest(port) as caller:
            for number, word in enumerate(("wrong secret", "long secret")):
                digest = await caller.password(word, f"call-{number}", counted=counted)
                copied = {"cseq": 2, "Proxy_Authorization": digest}
                statuses.append(await caller.status(call=f"call-{number}", **copied))
            statuses.append(await caller.status(call="copy", **copied))
    assert statuses == [407, 200, 407]


@pytest.mark.parametrize("method", ["INVITE", "ACK", "BYE", "OPTIONS"])
@pytest.mark.parametrize("route", [True, False])
async def test_an_invented_to_tag_passes_neither_list_nor_password(tmp_path, method, route):
    """Not to the teller, and not to a third host."""
    with listening() as teller, listening() as third:
        uris = [f"sip:bank@{host}" for host in map(_address, (teller, third))]
        async with kamailio(tmp_path, uris[0], SECRET='"long secret"') as port:
            with guest(port) as caller:
                more = {"Route": f"<sip:127.0.0.1:{port};lr>"} if route else {}
                for uri in uris:
                    told = {"to": ";tag=invented", "uri": uri, "call": uri, **more}
                    if method == "ACK":
                        caller.send(method, **told)
                    else:
                        assert await caller.status(method, **told) == 481
            await asyncio.sleep(0.3)
        for host in (teller, third):
            with pytest.raises(BlockingIOError):
                host.recv(65535)


@pytest.mark.parametrize("outside", [False, True])
async def test_a_call_that_was_let_in_goes_to_the_teller_only(tmp_path, monkeypatch, outside):
    """Whatever its caller writes into the request line; and who calls is told and believed."""
    host = outside_address() if outside else "127.0.0.1"
    async with (
        sip_house(tmp_path, monkeypatch, sip={"host": host, "allow": [host]}) as house,
        kamailio(tmp_path, _teller(house, host), host=host, TRUNKS=f'"{GUEST}"') as port,
    ):
        with listening() as third, guest(port, host) as caller:
            dialled = f"sip:%2B4930123@{host}:{port}"
            answer = await caller.answer(uri=dialled, X_Tellerline_Source="192.0.2.7")
            assert answer.split()[1] == "200"
            tag, route = (
                re.search(f"^{header}:.*?({what})\r$", answer, re.MULTILINE)[1]  # type: ignore[index]
                for header, what in (("To", ";tag=.*"), ("Record-Route", "<.*"))
            )
            within = {"to": tag, "Route": route}
            caller.send("ACK", **within)
            await caller.status("OPTIONS", cseq=2, uri=f"sip:bank@{_address(third)}", **within)
            with pytest.raises(BlockingIOError):
                third.recv(65535)
            assert await caller.status("BYE", cseq=3, **within) == 200
            (details,) = await house.details()
    assert details["ended"] == "hangup"
    assert (details["called"], details["source"]) == ("+4930123", GUEST)
    assert "trunk" not in str(details)
    (told,) = [event["told"] for event in house.events if event["type"] == "caller"]
    assert told == f"sip:trunk@{GUEST}", "for the sealed record"


def _teller(house: SipHouse, host: str) -> str:
    return house.uri.replace("127.0.0.1", host)


GUEST = "127.0.0.2"
"""An address of this machine that is in no list."""


@contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        own.bind((host, 0))
        yield own


def _address(own: socket.socket) -> str:
    host, port = own.getsockname()
    return f"{host}:{port}"


@contextmanager
def guest(port: int, host: str = "127.0.0.1") -> Iterator["Guest"]:
    with listening(GUEST) as own:
        yield Guest(own, port, host)


@dataclass
class Guest:
    """A caller by hand at the front's port, from an address that is in no list."""

    own: socket.socket
    port: int
    host: str

    @property
    def uri(self) -> str:
        return f"sip:bank@{self.host}:{self.port}"

    def send(
        self,
        method: str = "INVITE",
        *,
        uri: str = "",
        to: str = "",
        call: str = "call",
        cseq: int = 1,
        **headers: str,
    ) -> None:
        """A request; `to` is what follows in its To."""
        here = _address(self.own)
        request = message(
            line=f"{method} {uri or self.uri} SIP/2.0",
            body=SDP.replace("127.0.0.1", self.host) if method == "INVITE" else "",
            Via=f"SIP/2.0/UDP {here};branch=z9hG4bK{abs(hash((call, cseq, method, uri)))};rport",
            From=f"<sip:trunk@{GUEST}>;tag=p",
            To=f"<{self.uri}>{to}",
            Call_ID=f"{call}-{here}",
            CSeq=f"{cseq} {method}",
            Contact=f"<sip:trunk@{here}>",
            **headers,
        )
        self.own.sendto(request.encode(), (self.host, self.port))

    async def answer(self, method: str = "INVITE", *, cseq: int = 1, **told: str) -> str:
        """The final answer to a request."""
        self.send(method, cseq=cseq, **told)
        call = f"{told.get('call', 'call')}-{_address(self.own)}"
        async with asyncio.timeout(10):
            while True:
                answer = (await asyncio.get_running_loop().sock_recv(self.own, 65535)).decode()
                final = answer.startswith("SIP/2.0") and int(answer.split()[1]) >= 200
                if final and f"CSeq: {cseq} " in answer and call in answer:
                    return answer

    async def status(self, method: str = "INVITE", **told: Any) -> int:
        return int((await self.answer(method, **told)).split()[1])

    async def password(self, word: str, call: str, *, counted: bool) -> str:
        """What answers the challenge to a call (RFC 2617), with a nonce count or without."""
        asked = await self.answer(call=call)
        assert asked.split()[1] == "407"
        kinds = "realm|nonce|qop" if counted else "realm|nonce"
        told = dict(re.findall(rf'({kinds})="([^"]*)"', asked))
        assert len(told) == 2 + counted
        return _digest(told, "INVITE", self.uri, "trunk", word)


def _digest(told: dict[str, str], method: str, uri: str, user: str, password: str) -> str:
    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    secret, asked = md5(user, told["realm"], password), md5(method, uri)
    fields = {"username": user, "realm": told["realm"], "nonce": told["nonce"], "uri": uri}
    rest = "algorithm=MD5"
    if "qop" in told:
        response = md5(secret, told["nonce"], "00000001", "c", "auth", asked)
        rest += ', qop=auth, nc=00000001, cnonce="c"'
    else:
        response = md5(secret, told["nonce"], asked)
    fields["response"] = response
    return (
        "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items()) + f", {rest}"
    )


async def test_the_front_answers_no_flood(tmp_path, monkeypatch):
    """More than 60 requests in 2 s: nothing of that address is answered for a while."""
    loop = asyncio.get_running_loop()
    async with (
        sip_house(tmp_path, monkeypatch) as house,
        kamailio(tmp_path, house.uri) as port,
    ):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            flood.setblocking(False)
            flood.bind(("127.0.0.1", 0))
            own, answers = flood.getsockname()[1], 0
            for number in range(300):
                ask = message(
                    "OPTIONS",
                    line=f"OPTIONS sip:127.0.0.1:{port} SIP/2.0",
                    body="",
                    Via=f"SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKf{number};rport",
                )
                await loop.sock_sendto(flood, ask.encode(), ("127.0.0.1", port))
                try:
                    async with asyncio.timeout(0.02):
                        answers += bool(await loop.sock_recv(flood, 65535))
                except TimeoutError:
                    continue
            with pytest.raises(TimeoutError):
                await status_of_invite("127.0.0.1", port)
    assert 20 < answers < 200


async def test_the_front_lets_nobody_call_all_the_time(tmp_path, monkeypatch):
    async with (
        sip_house(tmp_path, monkeypatch, max_calls=1) as house,
        kamailio(tmp_path, house.uri, CALLS_A_MINUTE="3") as port,
    ):
        statuses = [await status_of_invite("127.0.0.1", port) for _ in range(5)]
    assert statuses[3:] == [503, 503]
    assert 503 not in statuses[:3]


async def test_broken_messages_leave_the_call_beside_them_alone(tmp_path, monkeypatch):
    """Through the front, with its limit on requests out of the way."""
    tortures = list(messages())
    assert len(tortures) >= 50
    async with (
        sip_house(tmp_path, monkeypatch, silence=60.0) as house,
        kamailio(tmp_path, house.uri, CALLS_A_MINUTE="10000") as port,
        baresip(tmp_path / "phone") as phone,
    ):
        await phone.dial(f"sip:bank@127.0.0.1:{port}")
        await house.until("listening", "greet")
        both = (psutil.Process(), sip_process())
        before = [process.memory_info().rss for process in both]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            for _ in range(2):
                for _, data in tortures:
                    attacker.sendto(data, ("127.0.0.1", port))
                    await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        grown = [process.memory_info().rss - was for process, was in zip(both, before, strict=True)]
    assert grown[0] < 100e6
    assert grown[1] < 20e6
