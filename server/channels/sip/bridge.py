"""A SIP call's line in the SIP process, driven by the server over the call's connection."""

import asyncio
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from baresip import Call, CallStats
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
)

from server.channels.sip.line import SipLine
from server.channels.sip.wire import Message, Wire
from server.protocol import Played

STATS_WITHIN = 2.0
HANDED_WITHIN = 1.0


class Bridge:
    """Sound, keys and reports to the server; sound and orders from it."""

    def __init__(self, wire: Wire, line: SipLine) -> None:
        self._wire = wire
        self._line = line
        self._sound: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._received = self._taken = 0
        self._playing: asyncio.Task[None] | None = None
        self._handing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the call has ended, or the server is gone and it was hung up."""
        self._playing = asyncio.create_task(self._play())
        obeying = asyncio.create_task(self._obey())
        try:
            async for frame in self._line.frames():
                if (told := _told(frame, self._line)) is not None:
                    await self._wire.send(told)
            if self._handing is not None:  # who was handed over hangs up here at once
                await asyncio.wait({self._handing}, timeout=HANDED_WITHIN)
        finally:
            tasks = [t for t in (obeying, self._playing, self._handing) if t is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _obey(self) -> None:
        while (order := await self._wire.receive()) is not None:
            if isinstance(order, bytes):
                self._received += len(order) // 2
                self._sound.put_nowait(order)
            elif order["do"] == "clear":
                await self._clear()
            elif order["do"] == "hand_over":
                self._handing = asyncio.create_task(self._hand_over(order["summary"]))
            elif order["do"] == "hang_up":
                self._sound.put_nowait(None)
        await self._line.close()

    async def _play(self) -> None:
        while (data := await self._sound.get()) is not None:
            await self._line.play(np.frombuffer(data, np.int16))
            self._taken += len(data) // 2
            await self._wire.send({"is": "taken", "samples": self._taken})
        await self._line.close()

    async def _clear(self) -> None:
        """What waits here is dropped as well as what waits in the stack."""
        if self._playing is not None:
            self._playing.cancel()
        self._sound = asyncio.Queue()
        self._taken = self._received
        await self._line.clear()
        await self._wire.send({"is": "taken", "samples": self._taken})
        self._playing = asyncio.create_task(self._play())

    async def _hand_over(self, summary: str) -> None:
        done = await self._line.hand_over(summary)
        await self._wire.send({"is": "handed_over", "done": done})


def _told(frame: Frame, line: SipLine) -> Message | bytes | None:
    if isinstance(frame, InputAudioRawFrame):
        return frame.audio
    if isinstance(frame, InputDTMFFrame):
        return {"is": "key", "digit": frame.button.value}
    message = frame.message if isinstance(frame, InputTransportMessageFrame) else None
    if isinstance(message, Played):
        return {
            "is": "played",
            "samples": message.samples,
            "clear": message.clear,
            "delay": line.delay,
        }
    return None


async def closing_stats(call: Call) -> dict[str, Any] | None:
    """The stack's last report, which comes with the end of the call."""
    deadline = asyncio.get_running_loop().time() + STATS_WITHIN
    while call.final_stats is None and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    stats = call.final_stats
    return None if stats is None else {**asdict(stats), "mos": mos(stats)}


def mos(stats: CallStats) -> float:
    """baresip's estimate, with what came too late for its place among the lost."""
    late = (stats.jbuf_late or 0) + (stats.jbuf_overflow or 0)
    in_time = max(0, stats.rx_packets - late)
    return replace(stats, rx_packets=in_time, rx_lost=stats.rx_lost + late).mos_estimate
