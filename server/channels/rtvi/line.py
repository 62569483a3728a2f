"""A websocket of one of pipecat's clients as a line."""

from collections.abc import AsyncIterator
from typing import Any

import pipecat.processors.frameworks.rtvi.models as rtvi
from fastapi import WebSocket
from pipecat.frames.frames import (
    Frame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    OutputTransportMessageFrame,
)
from pydantic import BaseModel, ValidationError

from server.channels.gap import filled
from server.channels.rtvi.messages import Narrator
from server.channels.rtvi.serializer import RtviSerializer
from server.channels.socket_line import SocketLine
from server.protocol import Hangup

MOST_KEYS = 32
"""In one message."""


class RtviLine(SocketLine):
    """The line of a client that is ready."""

    def __init__(self, websocket: WebSocket, serializer: RtviSerializer) -> None:
        super().__init__(websocket, serializer)
        self._narrator = Narrator()

    async def frames(self) -> AsyncIterator[Frame]:
        """Sound, keys and the end; any other request is answered that it is not served.

        A client that is muted sends nothing.
        """
        async for frame in filled(super().frames()):
            message = frame.message if isinstance(frame, InputTransportMessageFrame) else None
            if not isinstance(message, dict):
                yield frame
                continue
            for asked in await self._asked(message):
                yield asked

    async def tell(self, event: dict[str, Any]) -> None:
        """An event in RTVI's messages."""
        for message in self._narrator.messages(event):
            await self.send(message)

    async def send(self, message: BaseModel) -> None:
        """One message of RTVI."""
        told = message.model_dump(mode="json", exclude_none=True)
        await self._send(OutputTransportMessageFrame(message=told))

    async def _asked(self, fields: dict[str, Any]) -> list[Frame]:
        try:
            message = rtvi.Message.model_validate(fields)
        except ValidationError:
            return []  # none of RTVI's
        if message.type == "disconnect-bot":
            return [InputTransportMessageFrame(message=Hangup(type="hangup"))]
        if message.type == "dtmf" and (keys := _keys(message.data)):
            return keys
        why = rtvi.ErrorResponseData(error=f"{message.type[:64]}: not served")
        await self.send(rtvi.ErrorResponse(id=message.id, data=why))
        return []


def _keys(data: dict[str, Any] | None) -> list[Frame]:
    """The keys of a message; none where it is broken."""
    try:
        buttons = rtvi.DTMFInputData.model_validate(data).buttons
    except ValidationError:
        return []
    return (
        [InputDTMFFrame(button=button) for button in buttons] if len(buttons) <= MOST_KEYS else []
    )
