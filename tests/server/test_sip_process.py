"""What breaks the SIP stack breaks its process only: calls on other wires go on, and it is back."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psutil
import pytest
import websockets

from server.channels.sip.process import LEFT_BEHIND, LOOK_EVERY
from tests.server.sip_house import SipHouse, sip_house
from tests.server.staged import SEND, Caller
from tests.server.test_sip_calls import status_of_invite
from tests.server.torture import message, messages

LOCAL = "127.0.0.1"
HELLO = {"type": "hello", "version": 1, "sample_rate": 16000, "encoding": "pcm16"}


def without_contact(number: int) -> bytes:
    """What the stack refuses by itself, and keeps something of: each its own call."""
    text = message(without=("Contact",))
    return text.replace("torture-", f"{number}-").replace("z9hG4bK", f"z9hG4bK{number}-").encode()


async def throw(port: int, attacks: list[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        for data in attacks:
            attacker.sendto(data, (LOCAL, port))
            await asyncio.sleep(0.005)


def sip_process() -> psutil.Process:
    """The child that runs the stack."""
    children = psutil.Process().children()
    (found,) = [child for child in children if "server.channels.sip.process" in child.cmdline()]
    return found


async def answered(port: int, seconds: float = 20.0) -> int:
    """The status of a sound INVITE, once anybody answers."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                async with asyncio.timeout(0.7):
                    return await status_of_invite(LOCAL, port)
            except (TimeoutError, ConnectionError):
                await asyncio.sleep(0.1)


@asynccontextmanager
async def a_call_beside(house: SipHouse) -> AsyncIterator[Caller]:
    """A websocket call that has to go on."""
    async with websockets.connect(house.url) as wire:
        await wire.send(json.dumps(HELLO))
        caller = Caller(wire, house.bank)
        tasks = [asyncio.create_task(caller.send()), asyncio.create_task(caller.receive())]
        await caller.until("listening", "greet")
        yield caller
        await caller.says(SEND)
        await caller.until("listening", "ask_customer_number")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def alarms(monkeypatch) -> list[str]:
    """What the keeper of the process logs."""
    told: list[str] = []

    class Log:
        def warning(self, event: str, **_: object) -> None:
            told.append(event)

        error = warning

    monkeypatch.setattr("server.channels.sip.keeper.log", Log())
    return told


async def test_the_stack_dies_and_only_its_calls_with_it(tmp_path, monkeypatch, alarms):
    async with (
        sip_house(tmp_path, monkeypatch, silence=60.0) as house,
        a_call_beside(house),
    ):
        assert await answered(house.port) == 200
        sip_process().send_signal(signal.SIGABRT)
        (details,) = await house.details()
        assert await answered(house.port) == 200
    assert details["ended"] == "lost"
    assert alarms == ["sip_process_died"]


async def test_connections_on_which_nobody_speaks_end_no_call(tmp_path, monkeypatch, alarms):
    many = 2 * LEFT_BEHIND
    async with sip_house(tmp_path, monkeypatch, silence=60.0) as house, AsyncExitStack() as silent:
        before = sip_process()
        for _ in range(many):
            _, writer = await asyncio.open_connection(LOCAL, house.port)
            silent.callback(writer.close)
            await asyncio.sleep(0.02)  # it takes ten at once
        async with asyncio.timeout(10):
            while before.num_fds() < many:
                await asyncio.sleep(0.05)
        await asyncio.sleep(3 * LOOK_EVERY)
        assert before.num_fds() > many
        assert await answered(house.port) == 200
        assert sip_process().pid == before.pid
    assert not alarms


async def test_a_head_without_end_over_tcp_is_cut_off_and_ends_no_call(
    tmp_path, monkeypatch, alarms
):
    async with sip_house(tmp_path, monkeypatch, silence=60.0) as house, a_call_beside(house):
        before = sip_process()
        memory = before.memory_info().rss
        _, writer = await asyncio.open_connection(LOCAL, house.port)
        writer.write(b"INVITE sip:bank@127.0.0.1 SIP/2.0\r\n")
        sent = 0
        with suppress(ConnectionError):
            async with asyncio.timeout(20):
                while sent < 1 << 30:
                    writer.write(b"X-Long: " + b"a" * 1000 + b"\r\n")
                    await writer.drain()
                    sent += 1010
        assert sent < 10e6
        assert await answered(house.port) == 200
        assert sip_process().pid == before.pid
        assert before.memory_info().rss - memory < 50e6
        writer.close()
    assert not alarms


@pytest.mark.channels
async def test_broken_messages_without_a_proxy_in_front_end_no_call(tmp_path, monkeypatch, alarms):
    async with (
        sip_house(tmp_path, monkeypatch, silence=60.0, max_calls=64) as house,
        a_call_beside(house),
    ):
        before = sip_process().pid
        await throw(house.port, [data for _, data in messages()])
        await throw(house.port, [without_contact(number) for number in range(200)])
        async with asyncio.timeout(20):
            while not alarms:
                await asyncio.sleep(0.05)
        assert await answered(house.port) == 200
        fresh = sip_process()
        assert fresh.pid != before
        assert fresh.num_fds() < 100
    assert alarms == ["sip_process_renewed"]
