"""Whether a server keeps docs/protocol.md: each promise that a client can test by itself."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

WITHIN = 15.0
HELLO_WITHIN = 8.0
AHEAD = 0.4
"""Seconds that the server's audio may run ahead of real time."""

SLACK = 0.25
"""What a loaded machine may add to that."""


class NotKept(Exception):
    """A promise that the server does not keep."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise.

    Attributes:
        name: The promise.
        kept: Whether it was.
        why: What was seen instead.
    """

    name: str
    kept: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """Who is asked."""

    url: str
    token: str | None = None

    def hello(self, **changed: Any) -> str:
        """A right hello but for what is changed."""
        hello = {"type": "hello", "version": 1, "sample_rate": 16000, "encoding": "pcm16"}
        given = {} if self.token is None else {"token": self.token}
        return json.dumps({**hello, **given, **changed})

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """A connection, before its hello."""
        async with connect(self.url, compression=None, max_size=1 << 20) as socket:
            yield socket

    @asynccontextmanager
    async def call(self, **changed: Any) -> AsyncIterator[ClientConnection]:
        """A call, after its ready."""
        async with self.socket() as socket:
            await socket.send(self.hello(**changed))
            ready = await event(socket, "ready")
            if ready.get("version") != 1 or not ready.get("call"):
                raise NotKept(f"ready without call or version: {ready}")
            yield socket


async def event(socket: ClientConnection, kind: str, within: float = WITHIN) -> dict[str, Any]:
    """The next event of a kind; audio and others are passed over."""
    try:
        async with asyncio.timeout(within):
            while True:
                data = await socket.recv()
                if isinstance(data, str):
                    message = json.loads(data)
                    if not isinstance(message, dict) or "type" not in message:
                        raise NotKept(f"a text message without a type: {data[:80]}")
                    if message["type"] == kind:
                        return message
    except TimeoutError:
        raise NotKept(f"no {kind} within {within:g} s") from None
    except ConnectionClosed as closed:
        raise NotKept(f"closed before {kind}: {closed}") from None


async def _closes(socket: ClientConnection, code: int | None = None) -> None:
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                await socket.recv()
    except TimeoutError:
        raise NotKept("the socket stays open") from None
    except ConnectionClosed as closed:
        seen = closed.rcvd.code if closed.rcvd else None
        if code is not None and seen != code:
            raise NotKept(f"closed with {seen}, not {code}") from None


async def _refused(server: Server, first: str | bytes | None, code: str, close: int) -> None:
    async with server.socket() as socket:
        if first is not None:
            await socket.send(first)
        error = await event(socket, "error", HELLO_WITHIN)
        if (error.get("code"), error.get("fatal")) != (code, True):
            raise NotKept(f"{error} instead of a fatal {code}")
        await _closes(socket, close)


async def greets(server: Server) -> None:
    """after ready comes the greeting: said, audio, listening"""
    async with server.call() as socket:
        said = await event(socket, "said")
        if said.get("turn") != 0 or not said.get("text"):
            raise NotKept(f"a greeting without text or of another turn: {said}")
        await event(socket, "listening", 30.0)


async def keeps_pace(server: Server, rate: int = 16000, encoding: str = "pcm16") -> None:
    """audio comes at most 400 ms ahead of real time, in the hello's encoding and rate"""
    width = 2 if encoding == "pcm16" else 1
    async with server.call(sample_rate=rate, encoding=encoding) as socket:
        began, got, ahead = 0.0, 0, 0.0
        async with asyncio.timeout(30.0):
            while True:
                data = await socket.recv()
                if isinstance(data, bytes):
                    began = began or time.monotonic()
                    got += len(data)
                    ahead = max(ahead, got / width / rate - (time.monotonic() - began))
                elif json.loads(data)["type"] == "listening":
                    break
        if not got or got % width:
            raise NotKept(f"{got} bytes of audio in the greeting")
        if ahead > AHEAD + SLACK:
            raise NotKept(f"audio {ahead * 1000:.0f} ms ahead of real time")


async def keeps_pace_in_ulaw(server: Server) -> None:
    """the same at 8 kHz in u-law"""
    await keeps_pace(server, 8000, "ulaw")


async def keeps_pace_in_alaw(server: Server) -> None:
    """the same at 8 kHz in A-law"""
    await keeps_pace(server, 8000, "alaw")


async def clears_and_tells_what_was_heard(server: Server) -> None:
    """a key over an answer clears it; of what follows only what was played counts as heard"""
    async with server.call() as socket:
        said = await event(socket, "said")
        await socket.send(json.dumps({"type": "played", "samples": 0, "clear": 0}))
        await socket.send(json.dumps({"type": "dtmf", "digit": "1"}))
        cleared = await event(socket, "clear")
        if cleared.get("id") != 1:
            raise NotKept(f"the first clear is {cleared}")
        await socket.send(json.dumps({"type": "played", "samples": 0, "clear": 1}))
        cut_off = await event(socket, "said")
        if not (cut_off.get("interrupted") and len(cut_off["text"]) < len(said["text"])):
            raise NotKept(f"nothing was played, and {cut_off} is told")
        await socket.send(json.dumps({"type": "dtmf", "digit": "#"}))
        await event(socket, "heard")


async def takes_keys(server: Server) -> None:
    """keys make a turn: heard tells that they were taken"""
    async with server.call() as socket:
        await event(socket, "listening", 30.0)
        for digit in "12#":
            await socket.send(json.dumps({"type": "dtmf", "digit": digit}))
        await event(socket, "heard")


async def bears_mistakes(server: Server) -> None:
    """broken messages are told and the call stays open"""
    async with server.call() as socket:
        for data, code in (
            ("{", "bad_message"),
            ('{"type": "x"}', "bad_message"),
            (b"1", "bad_audio"),
        ):
            await socket.send(data)
            error = await event(socket, "error")
            if (error.get("code"), error.get("fatal")) != (code, False):
                raise NotKept(f"{error} instead of a {code} that is not fatal")
        await event(socket, "listening", 30.0)


async def stops_haste(server: Server) -> None:
    """audio more than two seconds ahead of real time ends the call with too_fast"""
    async with server.call() as socket:
        for _ in range(30):
            await socket.send(bytes(6400))
        error = await event(socket, "error")
        if (error.get("code"), error.get("fatal")) != ("too_fast", True):
            raise NotKept(f"{error} instead of a fatal too_fast")
        await _closes(socket)


async def obeys_hang_up(server: Server) -> None:
    """a hang-up closes the socket"""
    async with server.call() as socket:
        await socket.send(json.dumps({"type": "hangup"}))
        await _closes(socket)


async def refuses_wrong_hellos(server: Server) -> None:
    """a wrong hello is told why, with close code 4400"""
    wrong = (server.hello(version=2), server.hello(sample_rate=44100), "not json", b"\0\0")
    for first in wrong:
        await _refused(server, first, "bad_hello", 4400)


async def refuses_silence(server: Server) -> None:
    """no hello within 5 s is refused, with close code 4400"""
    await _refused(server, None, "bad_hello", 4400)


async def refuses_wrong_tokens(server: Server) -> None:
    """an unknown token is refused, with close code 4401"""
    stranger = Server(server.url, secrets.token_urlsafe(16))
    await _refused(server, stranger.hello(), "unauthorized", 4401)


async def bears_unknown_fields(server: Server) -> None:
    """fields that the server does not know are no mistake"""
    async with server.call(colour="blue") as socket:
        await event(socket, "said")


PROMISES: tuple[Callable[[Server], Awaitable[None]], ...] = (
    greets,
    keeps_pace,
    keeps_pace_in_ulaw,
    keeps_pace_in_alaw,
    clears_and_tells_what_was_heard,
    takes_keys,
    bears_mistakes,
    bears_unknown_fields,
    stops_haste,
    obeys_hang_up,
    refuses_wrong_hellos,
    refuses_wrong_tokens,
    refuses_silence,
)


async def check(server: Server, promise: Callable[[Server], Awaitable[None]]) -> Finding:
    """Test one promise; a server that cannot be reached keeps none."""
    name = (promise.__doc__ or promise.__name__).strip()
    try:
        await promise(server)
    except NotKept as error:
        return Finding(name, False, str(error))
    except (OSError, WebSocketException, TimeoutError, ValueError) as error:
        return Finding(name, False, f"{type(error).__name__}: {error}")
    return Finding(name, True)
