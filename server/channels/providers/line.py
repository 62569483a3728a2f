"""A provider's websocket as a line: our audio, and marks that come back as it is played."""

import asyncio
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from server.channels.providers.serializer import ProviderSerializer
from server.channels.socket_line import SEND_WITHIN, SocketLine
from voice.pcm import Samples


class ProviderLine(SocketLine):
    """One stream."""

    def __init__(self, websocket: WebSocket, serializer: ProviderSerializer) -> None:
        super().__init__(websocket, serializer)
        self._marks = serializer

    async def play(self, samples: Samples) -> None:
        """Send audio, and a mark after some of it."""
        await super().play(samples)
        await self._mark(self._marks.mark())

    async def tell(self, event: dict[str, Any]) -> None:
        """Where an answer ends, a mark tells when it has sounded."""
        if event["type"] == "listening":
            await self._mark(self._marks.mark(last=True))

    async def hand_over(self, summary: str) -> bool:
        """A media stream cannot give the caller away: they stay with us."""
        return False

    async def _mark(self, message: str | None) -> None:
        if message is None or self._closed:
            return
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await self._websocket.send_text(message)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            self._stuck.set()
