"""A network that loses, doubles, delays and reorders sound, and lets its reports (RTCP) through:
between a telephone and the server."""

import asyncio
import json
import random
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from tests.server.sip_clients import free_ports

LOCAL = "127.0.0.1"
PORT = re.compile(rb"(?<=m=audio )\d{5}")


@dataclass
class Weather:
    """What happens to each packet of sound.

    Attributes:
        lost, doubled: Shares of the packets.
        jitter: Longest delay, seconds; longer than a packet, so later ones overtake.
        counts: What was done.
    """

    lost: float = 0.05
    doubled: float = 0.02
    jitter: float = 0.06
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    counts: dict[str, int] = field(default_factory=lambda: {"lost": 0, "doubled": 0, "all": 0})

    def copies(self) -> list[float]:
        """When the packet arrives, in seconds from now; once for each of its copies."""
        self.counts["all"] += 1
        if self.chance.random() < self.lost:
            self.counts["lost"] += 1
            return []
        twice = self.chance.random() < self.doubled
        self.counts["doubled"] += twice
        return [self.chance.uniform(0, self.jitter) for _ in range(1 + twice)]


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, int], None]) -> None:
        self._take = take

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.send = transport.sendto  # type: ignore[attr-defined]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._take(data, addr[1])


class Relay:
    """SIP passes as it is, but for the ports of the sound, which are ours."""

    def __init__(self, server: int, weather: Weather) -> None:
        self.port, self._sound = free_ports(1), (free_ports(2), free_ports(2))
        self._server, self._phone = server, 0
        self._weather = weather
        self._ends: list[int] = [0, 0]  # where sound goes: the server's port, the telephone's
        self._sockets: dict[int, _Socket] = {}

    async def open(self, stack: AsyncExitStack) -> None:
        takers = {self.port: self._signal}
        for towards, port in enumerate(self._sound):
            takers[port] = partial(self._pass, towards)
            takers[port + 1] = partial(self._report, towards)
        for port, take in takers.items():
            loop = asyncio.get_running_loop()
            transport, protocol = await loop.create_datagram_endpoint(
                lambda take=take: _Socket(take), (LOCAL, port), family=socket.AF_INET
            )
            stack.callback(transport.close)
            self._sockets[port] = protocol

    def _signal(self, data: bytes, source: int) -> None:
        from_server = source == self._server
        if not from_server:
            self._phone = source
        if found := PORT.search(data):
            self._ends[0 if from_server else 1] = int(found[0])
            data = PORT.sub(str(self._sound[0 if from_server else 1]).encode(), data)
        self._sockets[self.port].send(data, (LOCAL, self._phone if from_server else self._server))

    def _pass(self, towards: int, data: bytes, _: int) -> None:
        """Port 0 was told to the telephone, so what comes there goes to the server."""
        send = self._sockets[self._sound[towards]].send
        for delay in self._weather.copies():
            asyncio.get_running_loop().call_later(delay, send, data, (LOCAL, self._ends[towards]))

    def _report(self, towards: int, data: bytes, _: int) -> None:
        send = self._sockets[self._sound[towards] + 1].send
        send(data, (LOCAL, self._ends[towards] + 1))


@dataclass
class Network:
    """The URI to call instead of the server's, and at the end what was done to its packets."""

    uri: str
    counts: dict[str, int] = field(default_factory=dict)


@asynccontextmanager
async def bad_network(server: int) -> AsyncIterator[Network]:
    """A network to call a server's port through.

    It runs in a process of its own: in the server's it would be late by what the engines take.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.server.bad_network", str(server)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        network = Network((await process.stdout.readline()).decode().strip())
        yield network
        process.stdin.close()
        network.counts = json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def main(server: int) -> None:
    """Be the network until our input ends."""
    weather = Weather()
    relay = Relay(server, weather)
    async with AsyncExitStack() as stack:
        await relay.open(stack)
        print(f"sip:bank@{LOCAL}:{relay.port}", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(weather.counts), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
