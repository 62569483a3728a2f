"""The websocket `/v1/rtvi`: from the client's `client-ready` to the end of one call."""

import asyncio

import pipecat.processors.frameworks.rtvi.models as rtvi
import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pipecat.frames.frames import InputTransportMessageFrame

from server.channels.call import House, hold_call, new_call_id
from server.channels.origin import is_same_origin
from server.channels.rtvi import requests
from server.channels.rtvi.line import RtviLine
from server.channels.rtvi.messages import failed
from server.channels.rtvi.serializer import RtviSerializer
from server.protocol import CLOSE_CODES, ProtocolError

log = structlog.get_logger()


async def answer_rtvi(websocket: WebSocket, house: House) -> None:
    """Hold one call; a page from elsewhere calls with a token in its url, or not at all."""
    token = websocket.query_params.get("token")
    if token is None and not is_same_origin(websocket, house.settings):
        await websocket.close(code=1008, reason="origin not allowed")
        return
    await websocket.accept()
    host = websocket.client.host if websocket.client else None
    secure = websocket.url.scheme == "wss"
    serializer = RtviSerializer(hears=False)
    line = RtviLine(websocket, serializer)
    try:
        answer = requests.bot_ready(await _client_ready(websocket, serializer))
        with house.admission.admit(requests.hello(token), host=host, secure=secure) as known:
            serializer.hears = True
            await line.send(answer)
            caller = requests.caller("rtvi", known, host)
            await hold_call(line, caller, house, new_call_id())
    except ProtocolError as error:
        log.info("call_refused", code=error.code, host=host)
        await line.send(failed(str(error), fatal=True))
        await line.close(CLOSE_CODES[error.code])
    except WebSocketDisconnect:
        log.info("call_lost_before_ready", host=host)


async def _client_ready(websocket: WebSocket, serializer: RtviSerializer) -> rtvi.Message:
    """The client's first message; sound before it is dropped."""
    try:
        async with asyncio.timeout(requests.READY_WITHIN):
            while True:
                told = await _message(websocket, serializer)
                if told is not None and told.type == "client-ready":
                    return told
    except TimeoutError:
        raise requests.not_ready() from None


async def _message(websocket: WebSocket, serializer: RtviSerializer) -> rtvi.Message | None:
    received = await websocket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1006))
    frame = await serializer.deserialize(received.get("bytes") or b"")
    told = frame.message if isinstance(frame, InputTransportMessageFrame) else None
    if isinstance(told, ProtocolError):
        raise ProtocolError("bad_hello", str(told), fatal=True)
    return requests.message(told)
