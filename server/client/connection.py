"""One call over the websocket `/v1/call`, seen from the caller: docs/protocol.md, client side.

What varies is the sound: `place_call` gives it a microphone and a speaker that exist only on a
clock, `tellerline talk` gives it real ones. The protocol is the same code for both.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from server.errors import ServerError
from voice.codecs import Encoding, decode, encode
from voice.errors import AudioFormatError
from voice.pcm import Samples

Ended = Literal["goodbye", "transfer", "hangup", "silence", "error", "timeout", "lost", "gave up"]
"""How a call ended; "hangup" is the caller's own, "gave up" that of one who was not understood,
"lost" a socket that closed without a word."""

Message = dict[str, Any]

PROTOCOL_VERSION = 1
HELLO_TIMEOUT = 10.0
FRAME_SECONDS = 0.02
PLAYED_EVERY = 0.2
LONGEST_MESSAGE = 1 << 20
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class CallError(ServerError):
    """No call came about: nobody answers at the url, or the hello was refused."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What the client says of itself; the fields are those of the protocol's `hello`."""

    sample_rate: int = 16000
    encoding: Encoding = "pcm16"
    language: str = "en"
    caller_id: str | None = None
    token: str | None = None
    diagnostics: bool = True

    def message(self) -> Message:
        """The message on the wire, without what is not given."""
        fields = {
            "type": "hello",
            "version": PROTOCOL_VERSION,
            "sample_rate": self.sample_rate,
            "encoding": self.encoding,
            "language": self.language,
            "caller_id": self.caller_id,
            "token": self.token,
            "diagnostics": self.diagnostics,
            "ducks": True,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def __repr__(self) -> str:
        return f"Hello(sample_rate={self.sample_rate}, encoding={self.encoding!r})"


class Microphone(Protocol):
    """Where the caller's sound comes from."""

    def frames(self) -> AsyncIterator[Samples]:
        """20 ms frames at the wire's rate and at real-time pace, silence included."""
        ...


class Speaker(Protocol):
    """Where the assistant's sound goes."""

    @property
    def playing(self) -> bool:
        """Whether received audio has still to leave the speaker."""
        ...

    @property
    def played(self) -> int:
        """Samples that have left the speaker since the call began; dropped ones never count."""
        ...

    def play(self, samples: Samples) -> None:
        """Take audio that has just arrived."""
        ...

    def clear(self) -> None:
        """Drop what has not been played yet; what comes then has its own level again."""
        ...

    def duck(self, gain: float) -> None:
        """Play what has not been played yet, and what comes, at this gain; 1 is its own level."""
        ...


class Socket(Protocol):
    """A websocket that is open, or what stands for one."""

    async def send(self, message: str | bytes, /) -> None:
        """To the server."""

    async def recv(self) -> str | bytes:
        """The next message from the server."""
        ...

    async def close(self) -> None:
        """End it."""

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Messages until it is closed."""
        ...


class CallClient:
    """One call that has been taken by the server.

    Args:
        socket: The connection, after `ready`.
        encoding: Of the wire, both directions.
        microphone, speaker: The caller's end.
        on_message: Called with every JSON message, in the order of arrival.
    """

    def __init__(
        self,
        socket: Socket,
        encoding: Encoding,
        microphone: Microphone,
        speaker: Speaker,
        on_message: Callable[[Message], None],
    ) -> None:
        self._socket = socket
        self._encoding = encoding
        self._microphone = microphone
        self._speaker = speaker
        self._on_message = on_message
        self._cleared = 0
        self._reported = 0
        self._frames_since_report = 0
        self._own_end: Ended | None = None
        self._frame_sent = asyncio.Event()

    async def run(self) -> Ended:
        """Talk and listen until the call is over and what was received has been played."""
        speaking = asyncio.create_task(self._speak())
        listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
            if speaking.done():  # the microphone has come to its end, or failed
                speaking.result()
                await self.hang_up()
            return await listening
        finally:
            for task in (speaking, listening):
                task.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)

    async def frame(self) -> None:
        """Wait until the microphone's next frame has been sent."""
        await self._frame_sent.wait()

    async def press(self, key: str) -> None:
        """Send one key: 0 to 9, * or #."""
        await self._send({"type": "dtmf", "digit": key})

    async def hang_up(self, ended: Ended = "hangup") -> None:
        """End the call from the caller's side; `run` then returns `ended`."""
        self._own_end = ended
        await self._send({"type": "hangup"})
        await self._socket.close()

    async def _speak(self) -> None:
        async for samples in self._microphone.frames():
            with suppress(ConnectionClosed):
                await self._socket.send(encode(samples, self._encoding))
            await self._report_played()
            self._frame_sent.set()
            self._frame_sent = asyncio.Event()

    async def _report_played(self) -> None:
        """Every 200 ms while something plays, and once when it has ended."""
        self._frames_since_report += 1
        played = self._speaker.played
        often_enough = self._frames_since_report * FRAME_SECONDS < PLAYED_EVERY
        if played == self._reported or (self._speaker.playing and often_enough):
            return
        await self._send_played(played)

    async def _send_played(self, played: int) -> None:
        self._reported = played
        self._frames_since_report = 0
        await self._send({"type": "played", "samples": played, "clear": self._cleared})

    async def _listen(self) -> Ended:
        try:
            async for data in self._socket:
                if isinstance(data, bytes):
                    self._speaker.play(self._decoded(data))
                    continue
                ended = await self._obey(_message(data))
                if ended is not None:
                    await self._play_out()
                    return ended
        except ConnectionClosed:
            pass
        return self._own_end or "lost"

    def _decoded(self, data: bytes) -> Samples:
        try:
            return decode(data, self._encoding)
        except AudioFormatError as error:
            raise ServerError(f"the server sent audio that cannot be read: {error}") from error

    async def _obey(self, message: Message) -> Ended | None:
        """Do what a message asks; returns how the call ended where it says so."""
        self._on_message(message)
        kind = message["type"]
        if kind == "clear":
            self._speaker.clear()
            self._cleared = int(message.get("id", 0))
            await self._send_played(self._speaker.played)
        elif kind == "duck":
            self._speaker.duck(float(message.get("gain", 1.0)))
        elif kind == "error" and message.get("fatal"):
            return "error"
        elif kind == "hangup":
            return _ended(str(message.get("reason")))
        return None

    async def _play_out(self) -> None:
        while self._speaker.playing:
            await self.frame()
        if self._speaker.played != self._reported:
            await self._send_played(self._speaker.played)
        await self._socket.close()

    async def _send(self, message: Message) -> None:
        """A closed connection is not an error here: the listener tells how the call ended."""
        with suppress(ConnectionClosed):
            await self._socket.send(json.dumps(message))


@asynccontextmanager
async def dialled(url: str, hello: Hello) -> AsyncIterator[tuple[Socket, Message]]:
    """A connection whose hello was taken, and the server's `ready`.

    Raises:
        CallError: Nobody answers, or the server refuses; the message is one line.
    """
    local = urlsplit(url).hostname in LOOPBACK
    if hello.token is not None and not local and not url.startswith("wss:"):
        raise CallError(f"{url}: a token is sent over wss only")
    try:
        socket = await connect(
            url,
            compression=None,
            max_size=LONGEST_MESSAGE,
            open_timeout=10,
            proxy=None if local else True,
        )
    except (OSError, WebSocketException, ValueError) as error:
        raise CallError(f"{url}: no call: {_reason(error)}") from error
    try:
        yield socket, await take_ready(socket, url, hello)
    finally:
        await socket.close()


async def take_ready(socket: Socket, url: str, hello: Hello) -> Message:
    """Say hello on an open socket; gives the server's `ready`.

    Raises:
        CallError: The server refuses or says nothing.
    """
    try:
        await socket.send(json.dumps(hello.message()))
        answer = await asyncio.wait_for(socket.recv(), HELLO_TIMEOUT)
    except TimeoutError as error:
        raise CallError(f"{url}: no answer to hello within {HELLO_TIMEOUT:.0f} s") from error
    except ConnectionClosed as error:
        raise CallError(f"{url}: closed at hello: {_reason(error)}") from error
    message = _message(answer) if isinstance(answer, str) else {"type": "audio"}
    if message["type"] == "error":
        raise CallError(f"{url}: {message.get('code')}: {message.get('message')}")
    if message["type"] != "ready":
        raise CallError(f"{url}: {message['type']} instead of ready: not this protocol")
    return message


def _message(data: str) -> Message:
    try:
        message = json.loads(data)
    except ValueError as error:
        raise ServerError(f"the server sent what is not JSON: {data[:80]!r}") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ServerError(f"the server sent a message without a type: {data[:80]!r}")
    return message


def _ended(reason: str) -> Ended:
    """A server's hangup reason as the end of the call; "shutdown" and unknown ones are errors."""
    match reason:
        case "goodbye" | "transfer" | "silence":
            return reason
    return "error"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
