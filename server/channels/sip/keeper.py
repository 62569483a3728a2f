"""Keeps the SIP process running: started, steered, and started again when it dies."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from server.channels.sip.wire import RENEWED, Wire
from server.clock import now
from server.errors import ServerError
from server.processes import ended
from server.settings import Sip

log = structlog.get_logger()

READY_WITHIN = 30.0
END_WITHIN = 10.0
SHORTEST, LONGEST = 0.2, 10.0
"""Seconds before it is started again; doubled each time it dies young."""

YOUNG = 60.0
KNOWN = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
"""Variables that it may see: none of ours, which hold the bank's secrets."""


class Keeper:
    """One SIP process after the other.

    Args:
        sip: Where to listen and what to offer.
        path: The socket to which it brings its calls.
    """

    def __init__(self, sip: Sip, path: str) -> None:
        self._sip = sip
        self._path = path

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Keep it until the context ends.

        Raises:
            ServerError: It cannot listen there.
        """
        first = await self._start()
        keeping = asyncio.create_task(self._keep(*first))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self, process: Process, steering: Wire) -> None:
        pause = SHORTEST
        while True:
            began = now()
            try:
                status = await process.wait()
            finally:
                await _end(process, steering)
            if status == RENEWED:
                log.warning("sip_process_renewed")
            else:
                log.error("sip_process_died", status=status)
                pause = SHORTEST if now() - began > YOUNG else min(2 * pause, LONGEST)
                await asyncio.sleep(pause)
            process, steering = await self._start_again(pause)

    async def _start_again(self, pause: float) -> tuple[Process, Wire]:
        while True:
            try:
                return await self._start()
            except ServerError as error:
                log.error("sip_process_not_started", error=str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST)

    async def _start(self) -> tuple[Process, Wire]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server.channels.sip.process"),
                *(str(theirs.fileno()), self._path),
                pass_fds=(theirs.fileno(),),
                env={name: os.environ[name] for name in KNOWN if name in os.environ},
                start_new_session=True,  # a Ctrl-C is ours alone
            )
        steering = Wire(*await asyncio.open_unix_connection(sock=ours))
        try:
            await steering.send(self._sip.model_dump(mode="json"))
            async with asyncio.timeout(READY_WITHIN):
                answer = await steering.receive()
            if answer != {"is": "ready"}:
                why = answer.get("why") if isinstance(answer, dict) else "its process died"
                raise ServerError(str(why))
        except TimeoutError:
            await _end(process, steering)
            raise ServerError("SIP: its process was not ready in time") from None
        except BaseException:
            await _end(process, steering)
            raise
        return process, steering


async def _end(process: Process, steering: Wire) -> None:
    """It ends by itself once nobody steers it."""
    await steering.close()
    await ended(process, END_WITHIN)
