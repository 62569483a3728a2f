"""Answering the trunk: who may call, whether there is room, and the record of each call."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from server.admission import is_allowed
from server.channels.call import House, hold_call, new_call_id
from server.channels.line import Caller, address_of_number
from server.channels.running import Running
from server.channels.sip.details import CallDetails
from server.channels.sip.keeper import Keeper
from server.channels.sip.remote import RemoteLine
from server.channels.sip.wire import Message, Wire
from server.protocol import ProtocolError
from server.settings import Sip

log = structlog.get_logger()

RINGING_WITHIN = 5.0
READY_WITHIN = 30.0


@asynccontextmanager
async def answering_sip(house: House, sip: Sip) -> AsyncIterator[str]:
    """Answer SIP calls until the context ends; gives the URI to call.

    Raises:
        ServerError: It cannot listen there.
    """
    trunk = Trunk(house, sip)
    with tempfile.TemporaryDirectory(prefix="tellerline-") as folder:  # for its owner only
        path = str(Path(folder) / "calls")
        server = await asyncio.start_unix_server(trunk.connected, path)
        try:
            async with Keeper(sip, path).keeping():
                yield sip.uri
                server.close()
                await trunk.close()
        finally:
            server.close()


class Trunk:
    """The SIP calls of the server."""

    def __init__(self, house: House, sip: Sip) -> None:
        self._house = house
        self._sip = sip
        self._running = Running()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The SIP process brings a call."""
        wire = Wire(reader, writer)
        try:
            await self._running.start(self._answer(wire), wire.close)
        finally:
            await wire.close()

    async def close(self) -> None:
        """End what still runs."""
        await self._running.close()

    async def _answer(self, wire: Wire) -> None:
        ringing = await _within(RINGING_WITHIN, wire)
        if ringing is None:
            return
        if not is_allowed(ringing["source"], self._sip.allow):
            log.warning("sip_call_not_allowed", source=ringing["source"])
            await wire.send({"do": "reject"})
            return  # and no record: anybody could fill the disk with them
        details = CallDetails(
            call=new_call_id(),
            sip_call_id=ringing["sip_call_id"],
            called=ringing["called"],
            source=ringing["origin"],
            transport=ringing["transport"],
            began=datetime.now(UTC),
        )
        try:
            await self._admitted(wire, details, ringing["peer"])
        finally:
            details.over = datetime.now(UTC)
            log.info("sip_call_detail", call=details.call, ended=details.ended, **details.quality)
            await self._house.engines.bank.run(details.write, self._house.settings.records)

    async def _admitted(self, wire: Wire, details: CallDetails, peer: str) -> None:
        try:
            with self._house.admission.place("sip"):
                await self._talk(wire, details, peer)
        except ProtocolError as error:
            details.ended = error.code
            await wire.send({"do": "reject"})

    async def _talk(self, wire: Wire, details: CallDetails, peer: str) -> None:
        await wire.send({"do": "answer", "call": details.call})
        ready = await _within(READY_WITHIN, wire)
        if ready is None:
            details.ended = "lost"
            return
        line = RemoteLine(wire, ready["rate"])
        details.answered, details.rate = datetime.now(UTC), line.rate
        caller = Caller("sip", self._address(peer), about={"rate": line.rate}, told=peer)
        details.ended = await hold_call(line, caller, self._house, details.call)
        details.measure(line.stats)

    def _address(self, peer: str) -> str | None:
        """The caller's number, where the trunk vouches for it."""
        number = re.match(r"(?:sips?|tel):([^@;]+)", peer)
        if number is None or not self._sip.numbers_are_true:
            return None
        return address_of_number("sip", number[1])


async def _within(seconds: float, wire: Wire) -> Message | None:
    """The next message, if it comes in time."""
    try:
        async with asyncio.timeout(seconds):
            message = await wire.receive()
    except TimeoutError:
        return None
    return message if isinstance(message, dict) else None
