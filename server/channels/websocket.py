"""The websocket channel `/v1/call`: from the hello to the end of one call."""

import asyncio
import json

import structlog
from fastapi import WebSocket, WebSocketDisconnect

from server.admission import address_of
from server.channels.call import LANGUAGES, House, hold_call, new_call_id
from server.channels.line import Caller
from server.channels.origin import is_same_origin
from server.channels.serializer import CallSerializer
from server.channels.socket_line import SocketLine
from server.protocol import (
    CLOSE_CODES,
    VERSION,
    Hello,
    ProtocolError,
    error_event,
    parse_hello,
)

log = structlog.get_logger()

HELLO_WITHIN = 5.0


async def answer_websocket(websocket: WebSocket, house: House) -> None:
    """Hold one call on a websocket, from accepting it to its end."""
    if not is_same_origin(websocket, house.settings):
        await websocket.close(code=1008, reason="origin not allowed")
        return
    await websocket.accept()
    host = websocket.client.host if websocket.client else None
    try:
        hello = await _read_hello(websocket)
        secure = websocket.url.scheme == "wss"
        with house.admission.admit(hello, host=host, secure=secure) as token:
            address = address_of(token, host, hello.caller_id)
            ours = house.admission.is_ours(host)
            await _call(websocket, hello, house, address=address, local=ours)
    except ProtocolError as error:
        log.info("call_refused", code=error.code, host=host)
        await _refuse(websocket, error)
    except WebSocketDisconnect:
        log.info("call_lost_before_hello", host=host)


async def _read_hello(websocket: WebSocket) -> Hello:
    try:
        async with asyncio.timeout(HELLO_WITHIN):
            message = await websocket.receive()
    except TimeoutError:
        raise ProtocolError(
            "bad_hello", f"no hello within {HELLO_WITHIN:g} s", fatal=True
        ) from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    text = message.get("text")
    if text is None:
        raise ProtocolError("bad_hello", "the first message must be a hello", fatal=True)
    hello = parse_hello(text)
    if hello.language not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        raise ProtocolError("bad_hello", f"language: we speak {known}", fatal=True)
    return hello


async def _refuse(websocket: WebSocket, error: ProtocolError) -> None:
    try:
        await websocket.send_text(json.dumps(error_event(error)))
        await websocket.close(code=CLOSE_CODES[error.code], reason=error.code)
    except (RuntimeError, WebSocketDisconnect):
        return  # the client has gone already


async def _call(
    websocket: WebSocket, hello: Hello, house: House, *, address: str | None, local: bool
) -> None:
    call_id = new_call_id()
    diagnostics = hello.diagnostics and (local or house.settings.diagnostics)
    await websocket.send_text(
        json.dumps(
            {"type": "ready", "call": call_id, "version": VERSION, "diagnostics": diagnostics}
        )
    )
    caller = Caller(
        "websocket",
        address,
        hello.language,
        diagnostics,
        {"rate": hello.sample_rate, "encoding": hello.encoding},
        ducks=hello.ducks,
    )
    await hold_call(SocketLine(websocket, CallSerializer(hello)), caller, house, call_id)
