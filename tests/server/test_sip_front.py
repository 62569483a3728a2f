"""Kamailio in front: who may call, how often, nothing broken; and broken messages without it."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.server.sip_clients import baresip, free_ports
from tests.server.sip_house import sip_house
from tests.server.staged import SEND
from tests.server.test_sip_calls import loud, outside_address, status_of_invite
from tests.server.torture import message, messages

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
        before = psutil.Process().memory_info().rss
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            for _ in range(2):
                for _, data in tortures:
                    attacker.sendto(data, ("127.0.0.1", port))
                    await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        await phone.says(loud(SEND))
        await house.until("listening", "ask_customer_number")
        grown = psutil.Process().memory_info().rss - before
    assert grown < 100e6
