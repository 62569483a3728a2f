"""The websocket channel `/v1/call`: from the hello to the end of one call."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from server.admission import Admission, is_loopback
from server.call.teller import Teller
from server.channels.serializer import CallSerializer
from server.engines import Engines
from server.protocol import (
    CLOSE_CODES,
    VERSION,
    Hello,
    ProtocolError,
    error_event,
    parse_hello,
)
from server.records import CallRecord
from server.settings import Settings
from voice.turns import RATE

log = structlog.get_logger()

HELLO_WITHIN = 5.0
DEAD_AFTER = 15.0
"""Seconds without audio, which a client sends all the time."""
LONGEST_CALL = 3600.0
LANGUAGES = frozenset({"en"})


@dataclass(frozen=True, slots=True)
class House:
    """What every call of the process shares.

    Attributes:
        today: Tells the day that "yesterday" is counted from.
    """

    settings: Settings
    engines: Engines
    bank: Bank
    admission: Admission
    today: Callable[[], date]


async def answer_websocket(websocket: WebSocket, house: House) -> None:
    """Hold one call on a websocket, from accepting it to its end."""
    if not _same_origin(websocket, house):
        await websocket.close(code=1008, reason="origin not allowed")
        return
    await websocket.accept()
    host = websocket.client.host if websocket.client else None
    try:
        hello = await _read_hello(websocket)
        secure = websocket.url.scheme == "wss"
        with house.admission.admit(hello, host=host, secure=secure) as token:
            address = _address(hello, token)
            await _call(websocket, hello, house, address=address, local=is_loopback(host))
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
    call_id = secrets.token_hex(8)
    diagnostics = hello.diagnostics and (local or house.settings.diagnostics)
    record = CallRecord(house.settings.records, call_id)
    ended: list[str] = []
    teller = Teller(
        house.engines,
        Conversation(
            bank=house.bank,
            understander=house.engines.understander,
            today=house.today(),
            call_id=call_id,
            caller_id=address,
            language=hello.language,
        ),
        call_id=call_id,
        silence=house.settings.silence,
        diagnostics=diagnostics,
        record=record.add,
        on_end=ended.append,
    )
    log.info("call_started", call=call_id, rate=hello.sample_rate, encoding=hello.encoding)
    await websocket.send_text(
        json.dumps(
            {"type": "ready", "call": call_id, "version": VERSION, "diagnostics": diagnostics}
        )
    )
    try:
        await _run(websocket, hello, teller)
    finally:
        await house.engines.bank.run(record.write)
        log.info("call_ended", call=call_id, reason=ended[0] if ended else "lost")


async def _run(websocket: WebSocket, hello: Hello, teller: Teller) -> None:
    """The pipeline of one call, until either side ends it."""
    serializer = CallSerializer(hello)
    transport = FastAPIWebsocketTransport(
        websocket,
        FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_out_10ms_chunks=2,
            audio_out_end_silence_secs=0,
            serializer=serializer,
            allowed_origins=[],
        ),
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), teller, transport.output()]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
        check_dangling_tasks=False,
    )

    @transport.event_handler("on_client_disconnected")
    async def _gone(_transport: object, _websocket: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False, check_dangling_tasks=False)
    await runner.add_workers(worker)
    watching = asyncio.create_task(_watch(worker, serializer))
    try:
        await runner.run()
    finally:
        watching.cancel()


async def _watch(worker: PipelineWorker, serializer: CallSerializer) -> None:
    """A line without audio is dead, and a call that never ends is none."""
    began = time.monotonic()
    while time.monotonic() - began < LONGEST_CALL:
        await asyncio.sleep(1.0)
        if time.monotonic() - serializer.last_audio_at > DEAD_AFTER:
            break
    await worker.cancel()


def _address(hello: Hello, token: str | None) -> str | None:
    """Where a call comes from, to count tries by.

    Only the holder of a token is believed: a program on this machine may tell what it likes.
    """
    return f"{token}:{hello.caller_id}" if token and hello.caller_id else None


def _same_origin(websocket: WebSocket, house: House) -> bool:
    """A page from elsewhere must not call through its visitor's browser.

    A name that is made to point at this machine (DNS rebinding) is from elsewhere too.
    """
    origin = websocket.headers.get("origin")
    if origin is None:
        return True
    host = websocket.headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    ours = name in ("localhost", house.settings.host) or is_loopback(name)
    local = is_loopback(websocket.client.host if websocket.client else None)
    return urlsplit(origin).netloc == host and (ours or not local)
