"""A websocket of one of pipecat's clients as a line."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import WebSocket
from pipecat.frames.frames import Frame, InputTransportMessageFrame, OutputTransportMessageFrame
from pydantic import BaseModel

from server.channels.gap import filled
from server.channels.rtvi import requests
from server.channels.rtvi.messages import Narrator, dumped
from server.channels.rtvi.serializer import RtviSerializer
from server.channels.socket_line import SocketLine


class RtviLine(SocketLine):
    """The line of a client that is ready."""

    def __init__(self, websocket: WebSocket, serializer: RtviSerializer) -> None:
        super().__init__(websocket, serializer)
        self._narrator = Narrator()

    @property
    def delay(self) -> dict[str, float]:
        """The network; what the client buffers is not told."""
        return self.network

    async def frames(self) -> AsyncIterator[Frame]:
        """Sound, keys and the end; any other request is answered that it is not served.

        A client that is muted sends nothing.
        """
        async for frame in filled(super().frames()):
            message = frame.message if isinstance(frame, InputTransportMessageFrame) else None
            if not isinstance(message, dict):
                yield frame
            elif told := requests.message(message):
                wanted, refusal = requests.asked(told)
                if refusal:
                    await self.send(refusal)
                for each in wanted:
                    yield each

    async def tell(self, event: dict[str, Any]) -> None:
        """An event in RTVI's messages."""
        for message in self._narrator.messages(event):
            await self.send(message)

    async def send(self, message: BaseModel) -> None:
        """One message of RTVI."""
        await self._send(OutputTransportMessageFrame(message=dumped(message)))
