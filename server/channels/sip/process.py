"""The SIP process: baresip away from the server, whose memory one broken message may corrupt.

    python -m server.channels.sip.process FD PATH

FD is the socket by which the server steers it: the settings come first, "ready" or "failed" goes
back, and its end is the process's end. For each call that comes in it connects to PATH.

An INVITE that baresip refuses by itself (one without a Contact) leaves a call behind that nobody
can end: two sockets and 20 KB, until at about 250 of them no call is taken any more, and a second
free() when the stack is torn down. So the process makes place for a fresh one long before, and it
ends without tearing the stack down.
"""

import asyncio
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import structlog
from baresip import BaresipError, Call

from server.channels.running import Running
from server.channels.sip.arrivals import Arrival, Arrivals
from server.channels.sip.bridge import Bridge, closing_stats
from server.channels.sip.line import SipLine
from server.channels.sip.stack import stack
from server.channels.sip.wire import RENEWED, Wire
from server.cli.logs import set_up_logs
from server.errors import ServerError
from server.processes import open_many_files
from server.settings import Sip

log = structlog.get_logger()

LEFT_BEHIND, MOST_LEFT_BEHIND = 40, 300
"""Sockets of no call: a fresh process once no call runs, or whatever runs."""

SOCKETS_OF_A_CALL = 4
LOOK_EVERY = 0.5
NOTED_WITHIN = 10.0
"""Seconds in which the server must have read of a call's end: a busy one is late."""

GOODBYES = 0.2
"""Seconds for the last BYE to leave; the server has their records by then."""


async def serve(steering: socket.socket, path: str) -> None:
    """Answer calls until the server is gone."""
    wire = Wire(*await asyncio.open_unix_connection(sock=steering))
    sip = Sip.model_validate(await wire.receive())
    arrivals, running = Arrivals(), Running()

    def take(call: Call) -> None:
        running.start(_answer(call, arrivals, path, sip), call.hangup)

    try:
        async with stack(sip, arrivals, take):
            await wire.send({"is": "ready"})
            full = asyncio.create_task(_full(running, sip.port))
            over = asyncio.create_task(wire.receive())
            await asyncio.wait((full, over), return_when=asyncio.FIRST_COMPLETED)
            await running.close(within=GOODBYES)
            os._exit(0 if over.done() else RENEWED)
    except ServerError as error:
        await wire.send({"is": "failed", "why": str(error)})
    await wire.close()


async def _full(running: Running, port: int) -> None:
    """Until too many sockets have been left behind."""
    first = _sockets(port)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        left = _sockets(port) - first - SOCKETS_OF_A_CALL * len(running)
        if left > (MOST_LEFT_BEHIND if len(running) else LEFT_BEHIND):
            return


def _sockets(port: int) -> int:
    """What is open, without connections to our ports: those end by themselves, and anybody may
    open many."""
    connected, count = _connected(port), 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            count += str(descriptor.readlink()) not in connected
    return count


def _connected(port: int) -> set[str]:
    """The sockets of SIP's TCP and TLS, as the links of descriptors have them (proc(5))."""
    ours = tuple(f":{each:04X}" for each in (port, port + 1))
    tables = [path for path in map(Path, ("/proc/net/tcp", "/proc/net/tcp6")) if path.exists()]
    rows = [row.split() for path in tables for row in path.read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if row[1].endswith(ours)}


async def _answer(call: Call, arrivals: Arrivals, path: str, sip: Sip) -> None:
    """One call, as the server tells: the connection's end is its end, too."""
    sip_call_id = call.call_id or ""
    arrival = await arrivals.of(sip_call_id) or Arrival("", "", "", "")
    told = {"sip_call_id": sip_call_id, "peer": call.peer or "", **asdict(arrival)}
    try:
        wire = Wire(*await asyncio.open_unix_connection(path))
    except OSError:
        await _reject(call)
        return
    try:
        await wire.send({"is": "ringing", **told})
        order = await wire.receive()
        if not isinstance(order, dict) or order.get("do") != "answer":
            await _reject(call)
            return
        arrivals.follow(sip_call_id)
        await call.answer()
        line = SipLine(
            call,
            person=sip.hand_over,
            tells_summary=sip.tells_summary,
            by_info=lambda: arrivals.take_info(sip_call_id),
            call_id=str(order["call"]),
            keys_in_sound=sip.keys_in_sound,
        )
        await line.ready()
        await wire.send({"is": "ready", "rate": line.rate})
        try:
            await Bridge(wire, line).run()
        except BaresipError as error:  # the stack knew of the end before its event came
            log.info("sip_call_cut_short", error=str(error))
            await line.close()
        await wire.send({"is": "ended"})
        await wire.send({"is": "over", "stats": await closing_stats(call)})
        await wire.until_closed(NOTED_WITHIN)
    except BaresipError as error:
        log.info("sip_call_failed", error=str(error))
    finally:
        arrivals.forget(sip_call_id)
        await wire.close()


async def _reject(call: Call) -> None:
    try:
        await call.reject()
    except BaresipError:
        log.debug("sip_gone_already")


def main() -> None:
    """Run the process; signals are the server's business, and no core holds a caller's words."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    open_many_files()
    set_up_logs(verbose=sys.argv[3:] == ["--verbose"])
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2]))


if __name__ == "__main__":
    main()
