"""A websocket as a line: one message at a time through a serializer, both ways."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pipecat.frames.frames import (
    Frame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer
from starlette.websockets import WebSocketState

from server.protocol import ProtocolError
from voice.pcm import Samples
from voice.turns import RATE

log = structlog.get_logger()

SEND_WITHIN = 5.0
"""Seconds after which a client that does not read is given up: it holds our memory."""

CLOSE_WITHIN = 2.0


def _is_fatal(frame: Frame | None) -> bool:
    message = frame.message if isinstance(frame, InputTransportMessageFrame) else None
    return isinstance(message, ProtocolError) and message.fatal


class SocketLine:
    """The line of a websocket that has been accepted.

    Args:
        websocket: The socket.
        serializer: The wire's messages; its audio is 16 kHz on our side.
    """

    def __init__(self, websocket: WebSocket, serializer: FrameSerializer) -> None:
        self._websocket = websocket
        self._serializer = serializer
        self._stuck = asyncio.Event()
        self._closed = False

    @property
    def delay(self) -> dict[str, float]:
        """A websocket client measures its wire itself."""
        return {}

    @property
    def network(self) -> dict[str, float]:
        """Half the connection's round trip, for clients that do not measure it."""
        measure = getattr(self._websocket.state, "round_trip", None)
        there_and_back = measure() if measure else None
        return {} if there_and_back is None else {"network": there_and_back / 2}

    async def frames(self) -> AsyncIterator[Frame]:
        """What the client sends, until it is gone or no longer reads."""
        stuck = asyncio.ensure_future(self._stuck.wait())
        receiving: asyncio.Future[Any] = stuck
        try:
            while True:
                receiving = asyncio.ensure_future(self._websocket.receive())
                done, _ = await asyncio.wait(
                    {receiving, stuck}, return_when=asyncio.FIRST_COMPLETED
                )
                if receiving not in done:
                    return
                message = receiving.result()
                if message["type"] == "websocket.disconnect":
                    return
                data = message.get("bytes")
                frame = await self._serializer.deserialize(
                    data if data is not None else message.get("text") or ""
                )
                if frame is not None:
                    yield frame
                if _is_fatal(frame):
                    await asyncio.wait({stuck}, timeout=CLOSE_WITHIN)
                    return  # no more is read: what the client still sends must not reach us
        finally:
            stuck.cancel()
            receiving.cancel()  # whoever reads next must not miss a message

    async def play(self, samples: Samples) -> None:
        """Send audio; the client buffers it."""
        await self._send(
            OutputAudioRawFrame(audio=samples.tobytes(), sample_rate=RATE, num_channels=1)
        )

    async def clear(self) -> None:
        """Have the client drop what it has buffered."""
        await self._send(InterruptionFrame())

    async def tell(self, event: dict[str, Any]) -> None:
        """An event, where the wire has a message for it."""
        await self._send(OutputTransportMessageFrame(message=event))

    async def hand_over(self, summary: str) -> bool:
        """The client was told by the event, and does it."""
        return True

    async def close(self, code: int = 1000) -> None:
        """Close the socket, without waiting long for the client's own close."""
        if self._closed:
            return
        self._closed = True
        if self._websocket.client_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._websocket.close(code)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            log.debug("socket_not_closed_in_time")

    async def _send(self, frame: Frame) -> None:
        if self._closed or self._stuck.is_set():
            return
        data = await self._serializer.serialize(frame)
        if not data:
            return
        try:
            async with asyncio.timeout(SEND_WITHIN):
                if isinstance(data, bytes):
                    await self._websocket.send_bytes(data)
                else:
                    await self._websocket.send_text(data)
        except TimeoutError:
            log.info("client_does_not_read")
            self._stuck.set()
        except (RuntimeError, WebSocketDisconnect):
            self._stuck.set()  # gone already
