"""The server: one process, one set of engines, many calls."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date

import uvicorn
from fastapi import FastAPI, WebSocket

from dialog.bank.bank import Bank
from server.admission import Admission
from server.channels.websocket import House, answer_websocket
from server.engines import Engines
from server.errors import ServerError
from server.settings import Settings

LARGEST_MESSAGE = 64 * 1024
"""Bytes; far more than 200 ms of audio."""


def create_app(
    settings: Settings, engines: Engines, bank: Bank, *, today: Callable[[], date] = date.today
) -> FastAPI:
    """The HTTP application with its websocket."""
    house = House(settings, engines, bank, Admission(settings), today)
    app = FastAPI(title="Tellerline", docs_url=None, redoc_url=None, openapi_url=None)

    @app.websocket("/v1/call")
    async def call(websocket: WebSocket) -> None:
        await answer_websocket(websocket, house)

    @app.get("/healthz")
    async def health() -> dict[str, int | str]:
        return {"status": "ok", "calls": house.admission.calls}

    return app


@asynccontextmanager
async def serving(
    settings: Settings, engines: Engines, bank: Bank, *, today: Callable[[], date] = date.today
) -> AsyncIterator[str]:
    """Serve until the context ends; gives the url of `/v1/call`.

    Raises:
        ServerError: The port is taken, or the TLS files cannot be used.
    """
    _check_tls(settings)
    server = _Server(
        uvicorn.Config(
            create_app(settings, engines, bank, today=today),
            ws="websockets-sansio",
            ws_max_size=LARGEST_MESSAGE,
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
        yield f"{scheme}://{settings.host}:{listener.getsockname()[1]}/v1/call"
    finally:
        server.should_exit = True
        await running


class _Server(uvicorn.Server):
    """Leaves signals to the command: other work of the process must end in order too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _check_tls(settings: Settings) -> None:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as error:  # SSLError is one
        raise ServerError(
            f"tls_certificate {certificate} with tls_key {key or '(none)'}: {error}; "
            "give two PEM files that belong together"
        ) from error


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
