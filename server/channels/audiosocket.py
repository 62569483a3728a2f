"""Asterisk's AudioSocket: a TCP connection is a call, for a PBX of one's own.

Each message is a kind, a length (16 bit, network order) and that many bytes; sound is 8 kHz PCM,
little-endian, and Asterisk expects ours at the pace at which it is heard:

    01 uuid (16 bytes), first      10 sound      03 one key      00 hang up      ff an error

https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from pipecat.frames.frames import Frame, InputTransportMessageFrame

from server.admission import is_allowed
from server.channels.call import House, hold_call, new_call_id
from server.channels.gap import filled
from server.channels.keypad import Keypad
from server.channels.line import Caller
from server.channels.pace import Pace
from server.channels.running import Running
from server.channels.sound import WireSound
from server.connections import round_trip
from server.errors import ServerError
from server.protocol import Hangup, Played, ProtocolError
from server.settings import AudioSocket
from voice.errors import AudioFormatError
from voice.pcm import Samples
from voice.turns import RATE

log = structlog.get_logger()

HANG_UP, ID, KEY, SOUND, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
WIRE_RATE = 8000
LONGEST = 4096
"""Bytes of one message; 20 ms are 320."""

ID_WITHIN = 5.0
SEND_WITHIN = 5.0
LEAD = 0.06
"""Seconds that sound goes out before it is due: what a late wake-up may take."""

REPORT_EVERY = 0.2
PACKET = 0.02


class AudioSocketLine:
    """The line of a connection whose id has come.

    Args:
        reader, writer: The connection.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sound = WireSound(WIRE_RATE)
        self._keypad = Keypad()
        self._due = 0.0
        self._sent = self._reported = self._clears = 0
        self._closed = False

    @property
    def delay(self) -> dict[str, float]:
        """Half the connection's round trip, and one of Asterisk's packets."""
        there_and_back = round_trip(self._writer.transport)
        return {} if there_and_back is None else {"network": there_and_back / 2, "packet": PACKET}

    def frames(self) -> AsyncIterator[Frame]:
        """What Asterisk sends, until it hangs up; silence where the channel sends none."""
        return filled(self._received())

    async def _received(self) -> AsyncIterator[Frame]:
        pace, reported_at = Pace(), 0.0
        while True:
            try:
                kind, data = await _message(self._reader)
                pace.message()
                pace.sound(len(data) / 2 / WIRE_RATE if kind == SOUND else 0.0)
            except ProtocolError as flood:
                yield InputTransportMessageFrame(message=flood)
                return
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            now = time.monotonic()
            if kind in (HANG_UP, ERROR):
                yield InputTransportMessageFrame(message=Hangup(type="hangup"))
                return
            if frame := self._frame(kind, data, now):
                yield frame
            if now - reported_at > REPORT_EVERY and (report := self._report(now)):
                reported_at = now
                yield report

    def _frame(self, kind: int, data: bytes, now: float) -> Frame | None:
        if kind == KEY:
            return self._keypad.press(data.decode("latin-1"), now)
        if kind != SOUND:
            return None
        try:
            return self._sound.inward(self._sound.decoded(data))
        except AudioFormatError:
            return None

    def _report(self, now: float) -> InputTransportMessageFrame | None:
        waiting = round(max(0.0, self._due - now) * RATE)
        played = max(0, self._sent - waiting)
        if played == self._reported:
            return None
        self._reported = played
        return InputTransportMessageFrame(
            message=Played(type="played", samples=played, clear=self._clears)
        )

    async def play(self, samples: Samples) -> None:
        """Send sound when it is due."""
        now = time.monotonic()
        if self._due - now > LEAD:
            await asyncio.sleep(self._due - now - LEAD)
        self._due = max(self._due, time.monotonic()) + len(samples) / RATE
        await self._send(SOUND, self._sound.outward(samples))
        self._sent += len(samples)

    async def clear(self) -> None:
        """Nothing waits beyond the lead."""
        self._clears += 1
        self._sound.restart()

    async def tell(self, event: dict[str, Any]) -> None:
        """AudioSocket has no place for events."""

    async def hand_over(self, summary: str) -> bool:
        """The dialplan goes on once we hang up: it is where a person is rung."""
        return True

    async def close(self) -> None:
        """Hang up."""
        if self._closed:
            return
        await self._send(HANG_UP, b"")
        self._closed = True
        self._writer.close()

    async def _send(self, kind: int, data: bytes) -> None:
        if self._closed or self._writer.is_closing():
            return
        try:
            self._writer.write(bytes((kind,)) + len(data).to_bytes(2, "big") + data)
            async with asyncio.timeout(SEND_WITHIN):
                await self._writer.drain()
        except (TimeoutError, ConnectionError):
            log.info("client_does_not_read")
            self._closed = True
            self._writer.transport.abort()


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(3)
    size = int.from_bytes(head[1:], "big")
    if size > LONGEST:
        raise ConnectionError(f"a message of {size} bytes")
    return head[0], await reader.readexactly(size)


@asynccontextmanager
async def answering_audiosocket(house: House, settings: AudioSocket) -> AsyncIterator[int]:
    """Answer Asterisk until the context ends; gives the port.

    Raises:
        ServerError: The port is taken.
    """

    running = Running()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def cut() -> None:
            writer.transport.abort()

        try:
            await running.start(_answer(reader, writer, house, settings), cut)
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(
            connected, settings.host, settings.port, limit=64 * 1024
        )
    except OSError as error:
        raise ServerError(
            f"AudioSocket cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        ) from error
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await running.close()


async def _answer(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    house: House,
    settings: AudioSocket,
) -> None:
    host = str(writer.get_extra_info("peername")[0])
    if not is_allowed(host, settings.allow):
        log.warning("audiosocket_not_allowed", source=host)
        return
    try:
        async with asyncio.timeout(ID_WITHIN):
            kind, data = await _message(reader)
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        log.info("audiosocket_without_id", source=host)
        return
    if kind != ID or len(data) != 16:
        log.info("audiosocket_without_id", source=host)
        return
    try:
        with house.admission.place("audiosocket"):
            about = {"asterisk": str(uuid.UUID(bytes=data))}
            caller = Caller("audiosocket", about=about)
            await hold_call(AudioSocketLine(reader, writer), caller, house, new_call_id())
    except ProtocolError as error:
        log.info("call_refused", code=error.code, host=host)
        writer.write(bytes((HANG_UP, 0, 0)))
