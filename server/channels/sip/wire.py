"""Between the server and its SIP process: one connection steers it, and each call has its own.

    kind (1 byte: S sound, M message)   length (4 bytes, network order)   bytes

Sound is 16 kHz mono PCM16, a message is a JSON object. A connection that ends is a call that has.
"""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]

LONGEST = 1 << 20
"""Bytes; 20 ms of sound are 640."""

RENEWED = 75
"""The exit status with which the SIP process asks for a fresh one."""

_HEAD = struct.Struct(">cI")
_SOUND, _MESSAGE = b"S", b"M"


class Wire:
    """One connection, either end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> Message | bytes | None:
        """The next message or sound; None once the other end is gone or talks nonsense."""
        try:
            kind, size = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
            if size > LONGEST:
                return None
            data = await self._reader.readexactly(size)
            if kind == _SOUND:
                return data
            message = json.loads(data)
        except (asyncio.IncompleteReadError, OSError, ValueError):
            return None
        return message if isinstance(message, dict) else None

    async def send(self, message: Mapping[str, Any] | bytes) -> None:
        """Send a message or sound; nothing where the other end is gone."""
        sound = isinstance(message, bytes)
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        if self._writer.is_closing():
            return
        try:
            self._writer.write(_HEAD.pack(_SOUND if sound else _MESSAGE, len(data)) + data)
            await self._writer.drain()
        except OSError:
            self._writer.close()

    async def until_closed(self, within: float) -> None:
        """Wait, some seconds at most, until the other end has closed; what it sends is dropped.

        Who closes first while the other still writes takes from it what it has not yet read.
        """
        try:
            async with asyncio.timeout(within):
                while await self._reader.read(LONGEST):
                    pass
        except OSError:  # TimeoutError is one
            return

    async def close(self) -> None:
        """End the connection."""
        self._writer.close()
