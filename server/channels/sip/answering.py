"""Answering the trunk: who may call, whether there is room, and the record of each call."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from baresip import BaresipError, Call, CallStats

from server.admission import is_allowed
from server.channels.call import House, hold_call, new_call_id
from server.channels.line import Caller
from server.channels.running import Running
from server.channels.sip.arrivals import Arrivals
from server.channels.sip.details import CallDetails
from server.channels.sip.line import SipLine
from server.channels.sip.stack import drain, stack
from server.protocol import ProtocolError
from server.settings import Sip

log = structlog.get_logger()

STATS_WITHIN = 2.0


@asynccontextmanager
async def answering_sip(house: House, sip: Sip) -> AsyncIterator[str]:
    """Answer SIP calls until the context ends; gives the URI to call.

    Raises:
        ServerError: It cannot listen there.
    """
    trunk = Trunk(house, sip)
    async with stack(sip, trunk.arrivals, trunk.take) as runtime:
        yield sip.uri
        await drain(runtime, seconds=0.1)
        await trunk.close()


class Trunk:
    """The SIP calls of the process."""

    def __init__(self, house: House, sip: Sip) -> None:
        self.arrivals = Arrivals()
        self._house = house
        self._sip = sip
        self._running = Running()

    def take(self, call: Call) -> None:
        """A call comes in."""
        self._running.start(self._answer(call), call.hangup)

    async def close(self) -> None:
        """End what still runs."""
        await self._running.close()

    async def _answer(self, call: Call) -> None:
        details = CallDetails(
            call=new_call_id(),
            sip_call_id=call.call_id or "",
            caller=call.peer or "",
            called=self._sip.user,
            source="",
            transport="",
            began=datetime.now(UTC),
        )
        try:
            await self._admitted(call, details)
        except BaresipError as error:
            details.ended = details.ended or "lost"
            log.info("sip_call_failed", call=details.call, error=str(error))
        finally:
            details.over = datetime.now(UTC)
            details.measure(await _closing_stats(call) if details.answered else None)
            self.arrivals.forget(details.sip_call_id)
            log.info("sip_call_detail", call=details.call, ended=details.ended, **details.quality)
            await self._house.engines.bank.run(details.write, self._house.settings.records)

    async def _admitted(self, call: Call, details: CallDetails) -> None:
        found = await self.arrivals.source(details.sip_call_id)
        details.source, details.transport = found or ("", "")
        if found is None or not is_allowed(found[0], self._sip.allow):
            details.ended = "not_allowed"
            log.warning("sip_call_not_allowed", source=details.source)
            await call.reject()
            return
        try:
            with self._house.admission.place():
                await self._talk(call, details)
        except ProtocolError as error:
            details.ended = error.code
            await call.reject()

    async def _talk(self, call: Call, details: CallDetails) -> None:
        await call.answer()
        line = SipLine(
            call,
            person=self._sip.hand_over,
            tells_summary=self._sip.tells_summary,
            by_info=lambda: self.arrivals.take_info(details.sip_call_id),
            call_id=details.call,
        )
        await line.ready()
        details.answered, details.rate = datetime.now(UTC), line.rate
        caller = Caller("sip", self._address(call.peer), about={"rate": line.rate})
        details.ended = await hold_call(line, caller, self._house, details.call)

    def _address(self, peer: str | None) -> str | None:
        """The caller's number, where the trunk vouches for it."""
        number = re.match(r"(?:sips?|tel):([^@;]+)", peer or "")
        return f"sip:{number[1]}" if number and self._sip.numbers_are_true else None


async def _closing_stats(call: Call) -> CallStats | None:
    """The stack's last report, which comes with the end of the call."""
    deadline = asyncio.get_running_loop().time() + STATS_WITHIN
    while call.final_stats is None and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    stats: CallStats | None = call.final_stats
    return stats
