"""The websocket `/v1/rtvi`: from the client's `client-ready` to the end of one call."""

import asyncio

import pipecat.processors.frameworks.rtvi.models as rtvi
import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pipecat.frames.frames import InputTransportMessageFrame
from pydantic import ValidationError

from server.channels.call import House, hold_call, new_call_id
from server.channels.line import Caller
from server.channels.origin import is_same_origin
from server.channels.rtvi.line import RtviLine
from server.channels.rtvi.messages import failed
from server.channels.rtvi.serializer import RtviSerializer
from server.protocol import CLOSE_CODES, Hello, ProtocolError

log = structlog.get_logger()

READY_WITHIN = 10.0
MAJOR = rtvi.PROTOCOL_VERSION.partition(".")[0]
LONGEST_TOKEN = 512


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
        ready = await _client_ready(websocket, serializer)
        with house.admission.admit(_hello(token), host=host, secure=secure) as name:
            serializer.hears = True
            await line.send(_bot_ready(ready.id))
            caller = Caller("rtvi", about={"token": name})
            await hold_call(line, caller, house, new_call_id())
    except ProtocolError as error:
        log.info("call_refused", code=error.code, host=host)
        await line.send(failed(str(error), fatal=True))
        await line.close(CLOSE_CODES[error.code])
    except WebSocketDisconnect:
        log.info("call_lost_before_ready", host=host)


async def _client_ready(websocket: WebSocket, serializer: RtviSerializer) -> rtvi.Message:
    """The client's first message, of a version that we speak; sound before it is dropped."""
    try:
        async with asyncio.timeout(READY_WITHIN):
            while True:
                told = await _message(websocket, serializer)
                if told is not None and told.type == "client-ready":
                    break
    except TimeoutError:
        raise ProtocolError(
            "bad_hello", f"no client-ready within {READY_WITHIN:g} s", fatal=True
        ) from None
    version = str((told.data or {}).get("version"))
    if version.partition(".")[0] != MAJOR:
        raise ProtocolError("bad_hello", f"we speak RTVI {rtvi.PROTOCOL_VERSION}", fatal=True)
    return told


async def _message(websocket: WebSocket, serializer: RtviSerializer) -> rtvi.Message | None:
    received = await websocket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1006))
    frame = await serializer.deserialize(received.get("bytes") or b"")
    told = frame.message if isinstance(frame, InputTransportMessageFrame) else None
    if isinstance(told, ProtocolError):
        raise ProtocolError("bad_hello", str(told), fatal=True)
    try:
        return rtvi.Message.model_validate(told)
    except ValidationError:
        return None


def _hello(token: str | None) -> Hello:
    if len(token or "") > LONGEST_TOKEN:
        raise ProtocolError("unauthorized", "a valid token is needed", fatal=True)
    return Hello(type="hello", version=1, sample_rate=16000, encoding="pcm16", token=token)


def _bot_ready(answered: str) -> rtvi.BotReady:
    data = rtvi.BotReadyData(version=rtvi.PROTOCOL_VERSION, about={"library": "tellerline"})
    return rtvi.BotReady(id=answered, data=data)
