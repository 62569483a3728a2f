"""A provider's websocket as a line: our audio, and marks that come back as it is played."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pipecat.frames.frames import Frame

from server.channels.gap import HELD_GAP, filled
from server.channels.providers.serializer import ProviderSerializer
from server.channels.socket_line import CLOSE_WITHIN, SEND_WITHIN, SocketLine
from voice.pcm import Samples

log = structlog.get_logger()


class ProviderLine(SocketLine):
    """One stream."""

    def __init__(self, websocket: WebSocket, serializer: ProviderSerializer) -> None:
        super().__init__(websocket, serializer)
        self._marks = serializer
        self._handed_over = False
        serializer.reply = self._say

    @property
    def delay(self) -> dict[str, float]:
        """What the provider and the way to it add, as the marks tell; without any, the way."""
        return self.network if self._marks.late is None else {"provider": self._marks.late}

    async def frames(self) -> AsyncIterator[Frame]:
        """What the provider sends; after a clear, first what had been heard before it."""
        async for frame in filled(super().frames(), after=HELD_GAP):
            if (report := self._marks.cleared()) is not None:
                yield report
            yield frame

    async def play(self, samples: Samples) -> None:
        """Send audio, and a mark after some of it."""
        await super().play(samples)
        await self._say(self._marks.mark())

    async def tell(self, event: dict[str, Any]) -> None:
        """Where an answer ends, a mark tells when it has sounded."""
        if event["type"] == "listening":
            await self._say(await self._marks.rest())
            await self._say(self._marks.mark(last=True))

    async def hand_over(self, summary: str) -> bool:
        """Where the provider's own flow goes on, it takes the caller; else they stay with us."""
        self._handed_over = self._marks.stream.goes_on
        return self._handed_over

    async def close(self, code: int = 1000) -> None:
        """Say goodbye, where the provider knows one, and let it close."""
        goodbye = self._marks.stream.goodbye
        if goodbye is not None and not self._closed:
            await self._say(await self._marks.rest())
            await self._say(goodbye(self._handed_over))
            await self._until_closed()
        await super().close(code)

    async def _until_closed(self) -> None:
        """What the provider still says is answered."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                while (message := await self._websocket.receive())["type"] == "websocket.receive":
                    if text := message.get("text"):
                        await self._marks.deserialize(text)
        except (TimeoutError, RuntimeError):
            log.debug("provider_does_not_close")

    async def _say(self, message: str | bytes | None) -> None:
        if not message or self._closed or self._stuck.is_set():
            return
        try:
            async with asyncio.timeout(SEND_WITHIN):
                if isinstance(message, bytes):
                    await self._websocket.send_bytes(message)
                else:
                    await self._websocket.send_text(message)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            self._stuck.set()
