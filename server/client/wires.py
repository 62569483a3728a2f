"""Other wires than ours, spoken as if they were ours: what stands for the websocket of a call.

    sound   client ◀──▶ ForeignWire ◀──▶ the provider's, the telephone's or the browser's wire
    events  client ◀──  ForeignWire ◀──  Aside: told by the server in this process

A telephone has no place for events, so they go beside it; only the sound, the keys and the end of
the call are the wire's. So one caller (`server.caller`) plays and measures a call over any of them.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.request import Request, urlopen

import numpy as np

from server.client.connection import CallError, Message
from voice.codecs import Encoding, encode
from voice.pcm import Samples

EVENTS = frozenset(
    "turn_started turn_ended heard said listening duck transfer hangup error".split()  # noqa: SIM905
)
"""That a client is told (docs/protocol.md); `ready` and `clear` are made here."""

QUIET = 64
"""Peak below which a packet holds no sound (-54 dBFS); most wires send silence all the time."""
HANGOVER = 0.3
"""Seconds of quiet that still belong to the sound before them."""
STARTS_WITHIN = 15.0
ENDS_WITHIN = 3.0


class Aside:
    """Events of a server in this process, on their way to the one call that it holds."""

    def __init__(self) -> None:
        self._wire: ForeignWire | None = None

    def attach(self, wire: "ForeignWire") -> None:
        """Tell a call's events to its client from now on."""
        self._wire = wire

    def __call__(self, call: str, event: Message) -> None:
        """An event of a call: see `server.channels.call.House.watch`."""
        if self._wire is not None:
            self._wire.tell({**event, "call": call})


class ForeignWire:
    """The client's end of a call over another wire: see `server.client.connection.Socket`.

    Args:
        rate: Of the sound, Hz, both ways.
        encoding: As the client encodes and decodes it.
    """

    tells_clear = False
    """Whether the wire itself tells when what it has buffered is to be dropped."""

    def __init__(self, rate: int, encoding: Encoding = "pcm16") -> None:
        self.rate = rate
        self.encoding: Encoding = encoding
        self._inbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._goodbye: str | None = None
        self._quiet = HANGOVER * rate
        self._clears = 0
        self.call: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def ready(self, url: str) -> Message:
        """The call has begun: its first event has come.

        Raises:
            CallError: It has not.
        """
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                return {"type": "ready", "call": await self.call}
        except TimeoutError as error:
            raise CallError(f"{url}: no call within {STARTS_WITHIN:.0f} s") from error

    def tell(self, event: Message) -> None:
        """An event of the call; its end is told once the wire has ended, too."""
        if not self.call.done():
            self.call.set_result(str(event.get("call", "")))
        if event["type"] not in EVENTS:
            return
        if event["type"] == "hangup":
            self._goodbye = json.dumps(event)
            asyncio.get_running_loop().call_later(ENDS_WITHIN, self.over)
            return
        if event.get("interrupted") and not self.tells_clear:
            self.clear()
        # the server counts its own samples, which are not the wire's
        told = {name: value for name, value in event.items() if name not in ("parts", "clock")}
        self._inbox.put_nowait(json.dumps(told))

    def clear(self) -> None:
        """What has not been played is dropped."""
        self._clears += 1
        self._inbox.put_nowait(json.dumps({"type": "clear", "id": self._clears}))

    def hear(self, samples: Samples) -> None:
        """Sound from the wire, at its rate; long silence is none."""
        loud = len(samples) and np.abs(samples.astype(np.int32)).max() >= QUIET
        self._quiet = 0.0 if loud else self._quiet + len(samples)
        if self._quiet < HANGOVER * self.rate:
            self._inbox.put_nowait(encode(samples, self.encoding))

    def take(self, data: bytes) -> None:
        """Sound as the client decodes it, from a wire that sends no silence."""
        self._inbox.put_nowait(data)

    def over(self) -> None:
        """The wire has ended."""
        self._inbox.put_nowait(None)

    async def send(self, message: str | bytes) -> None:
        """From the client: sound, or a message of docs/protocol.md."""
        if isinstance(message, bytes):
            await self.speak(message)
            return
        told: dict[str, Any] = json.loads(message)
        match told["type"]:
            case "dtmf":
                await self.press(told["digit"])
            case "hangup":
                await self.hang_up()

    async def recv(self) -> str | bytes:
        """The next message.

        Raises:
            CallError: The call is over.
        """
        async for message in self:
            return message
        raise CallError("the call is over")

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (message := await self._inbox.get()) is not None:
            yield message
        self.over()
        if self._goodbye is not None:
            goodbye, self._goodbye = self._goodbye, None
            yield goodbye

    async def close(self) -> None:
        """No more is read."""
        self.over()

    async def speak(self, data: bytes) -> None:
        """20 ms of the caller's sound."""
        raise NotImplementedError

    async def press(self, key: str) -> None:
        """One key."""
        raise NotImplementedError

    async def hang_up(self) -> None:
        """The caller ends the call."""
        raise NotImplementedError


async def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """What a server on this machine answers to a POST.

    Raises:
        CallError: It answers with an error, or not at all.
    """

    def asked() -> bytes:
        request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310
        with urlopen(request, timeout=STARTS_WITHIN) as answer:  # noqa: S310
            return bytes(answer.read())

    try:
        return await asyncio.to_thread(asked)
    except OSError as error:  # HTTPError is one
        raise CallError(f"{url}: no call: {error}") from error
