"""The server: one process, one set of engines, many calls."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette

from dialog.bank.bank import Bank
from server.admission import Admission, Drain
from server.channels.audiosocket import answering_audiosocket
from server.channels.browser.routes import add_browser
from server.channels.call import House, Watch
from server.channels.providers.routes import add_providers
from server.channels.rtvi.answering import answer_rtvi
from server.channels.rtvi.webrtc import add_rtvi_webrtc
from server.channels.running import Running
from server.channels.websocket import answer_websocket
from server.connections import REQUEST_WITHIN, HttpConnection, SocketConnection
from server.engines import Engines
from server.errors import ServerError
from server.llm import ChatModel
from server.settings import Settings

LARGEST_MESSAGE = 64 * 1024
"""Bytes; far more than 200 ms of audio."""


def open_house(
    settings: Settings,
    engines: Engines,
    bank: Bank,
    *,
    today: Callable[[], date] = date.today,
    drain: Drain | None = None,
    watch: Watch | None = None,
) -> House:
    """What the calls of a server share."""
    writer = ChatModel(settings.llm) if settings.llm else None
    admission = Admission(settings, drain, engines.seconds_late)
    return House(settings, engines, bank, admission, today, writer, watch)


def create_app(house: House, calls: Running) -> FastAPI:
    """The HTTP application with its websockets; calls beside them are told to `calls`."""
    app = FastAPI(title="Tellerline", docs_url=None, redoc_url=None, openapi_url=None)

    @app.websocket("/v1/call")
    async def call(websocket: WebSocket) -> None:
        await answer_websocket(websocket, house)

    @app.websocket("/v1/rtvi")
    async def rtvi(websocket: WebSocket) -> None:
        await answer_rtvi(websocket, house)

    @app.get("/healthz")
    async def health() -> dict[str, int | str]:
        status = "draining" if house.admission.drain.begun else "ok"
        return {"status": status, "calls": house.admission.calls}

    add_providers(app, house)
    add_browser(app, house, calls)
    add_rtvi_webrtc(app, house, calls)
    return app


@asynccontextmanager
async def serving(
    settings: Settings,
    engines: Engines,
    bank: Bank,
    *,
    today: Callable[[], date] = date.today,
    drain: Drain | None = None,
    watch: Watch | None = None,
) -> AsyncIterator[str]:
    """Serve until the context ends; gives the url of `/v1/call`.

    Calls of a telephone trunk are answered too, where the settings have one.

    Raises:
        ServerError: The port is taken, or the TLS files cannot be used.
    """
    _check_tls(settings)
    house = open_house(settings, engines, bank, today=today, drain=drain, watch=watch)
    async with AsyncExitStack() as others:
        if settings.sip is not None:
            from server.channels.sip.answering import answering_sip

            await others.enter_async_context(answering_sip(house, settings.sip))
        if settings.audiosocket is not None:
            await others.enter_async_context(answering_audiosocket(house, settings.audiosocket))
        calls = Running()
        async with serving_http(create_app(house, calls), settings) as url:
            try:
                yield f"{url}/v1/call"
            finally:
                await calls.close()


@asynccontextmanager
async def serving_http(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """Serve an application until the context ends; gives the url of its websockets.

    Raises:
        ServerError: The port is taken.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http=HttpConnection,
            timeout_keep_alive=REQUEST_WITHIN,
            ws=SocketConnection,
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,  # sound hardly shrinks, and zeros are a cheap flood
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
            log_level="warning",
            timeout_graceful_shutdown=5,
        )
    )
    listener = _listen(settings)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():
        await asyncio.sleep(0.01)
    if running.done():
        listener.close()
        await running
        raise ServerError("the server did not start; see the log")
    try:
        scheme = "wss" if settings.tls_certificate else "ws"
        yield f"{scheme}://{settings.host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


class _Server(uvicorn.Server):
    """Leaves signals to the command: other work of the process must end in order too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _check_tls(settings: Settings) -> None:
    if (certificate := settings.tls_certificate) is not None:
        named = f"tls_certificate {certificate} with tls_key {settings.tls_key or '(none)'}"
        _check_pair(certificate, settings.tls_key, named, "two PEM files that belong together")
    if settings.sip is not None and (both := settings.sip.certificate) is not None:
        _check_pair(both, None, f"sip.certificate {both}", "a PEM file with certificate and key")


def _check_pair(certificate: Path, key: Path | None, named: str, cure: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as error:  # SSLError is one
        raise ServerError(f"{named}: {error}; give {cure}") from error


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ServerError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            "choose another with --port"
        ) from error
    return listener
