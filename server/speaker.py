"""`tellerline speaker`: the reference client of docs/protocol.md, a device that calls by itself.

    ear hears speech ──▶ dial ──▶ call ──▶ hang-up ──▶ ear hears speech ──▶ …
                          ▲          │
                          └── pause ◀┘ lost, busy, or nobody there

A lost call is dialled again at once, and then after ever longer pauses; each is random by half, so
that devices that lost the same server do not all come back in the same moment.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from server.client.connection import CallClient, CallError, Ended, Hello, Message, dialled
from server.client.ear import Ear
from server.client.jitter import JitterBuffer
from server.talk import SoundDevice, open_device
from voice.turns import RATE

SHORTEST, LONGEST = 0.5, 30.0
"""Seconds between two tries."""


@dataclass(frozen=True, slots=True)
class Device:
    """One smart speaker.

    Attributes:
        url: Of the server's `/v1/call`.
        token: Gives the device's token; asked before every call, so that it may be rotated.
        on_message: Told every message of the server.
        on_trouble: Told in one line why there is no call, and when it is tried again.
        language: That its callers speak.
    """

    url: str
    token: Callable[[], str | None]
    on_message: Callable[[Message], None]
    on_trouble: Callable[[str], None]
    language: str = "en"
    rng: random.Random = field(default_factory=random.Random)


async def serve_callers(
    device: Device, card: SoundDevice, until: Awaitable[object], *, once: bool = False
) -> Ended | None:
    """Call whenever somebody speaks.

    Args:
        device: Where to call and as whom.
        card: The module `sounddevice`, or what stands for it.
        until: Ends it, and the call that runs.
        once: One call only.

    Returns:
        How the last call ended; None where there was none.

    Raises:
        NoSoundDevice: There is no microphone or no speaker.
    """
    buffer = JitterBuffer(RATE)
    ear = Ear(buffer)
    ended: list[Ended] = []

    async def calls() -> None:
        while not (once and ended):
            await ear.speech()
            ended.append(await _call(device, ear, buffer))

    with open_device(card, RATE, ear, ear):
        calling, over = asyncio.create_task(calls()), asyncio.ensure_future(until)
        try:
            await asyncio.wait((calling, over), return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                calling.result()
        finally:
            for task in (calling, over):
                task.cancel()
            await asyncio.gather(calling, over, return_exceptions=True)
    return ended[-1] if ended else None


async def _call(device: Device, ear: Ear, buffer: JitterBuffer) -> Ended:
    """One call, dialled again until it was ended by somebody."""
    pause = SHORTEST
    while True:
        try:
            hello = Hello(RATE, language=device.language, token=device.token())
            async with dialled(device.url, hello) as (socket, _):
                pause = SHORTEST
                buffer.begin()
                client = CallClient(socket, "pcm16", ear, buffer, device.on_message)
                ended = await client.run()
            trouble = "the call was lost"
        except CallError as error:
            ended, trouble = "lost", str(error)
        if ended != "lost":
            return ended
        wait = pause * device.rng.uniform(0.5, 1.0)
        device.on_trouble(f"{trouble}; again in {wait:.1f} s")
        await asyncio.sleep(wait)
        pause = min(2 * pause, LONGEST)
