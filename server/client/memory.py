"""A call without a network: the client speaks to the application (ASGI) in its own event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from server.client.connection import CallError, Hello, Message, take_ready

URL = "ws://127.0.0.1/v1/call"
_SCOPE = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/v1/call",
    "raw_path": b"/v1/call",
    "root_path": "",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
    "subprotocols": [],
}


class MemorySocket:
    """The client's end of a websocket that was never on a wire."""

    def __init__(self) -> None:
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to_client: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._closed = False

    async def serve(self, app: FastAPI) -> None:
        """The server's end, until it is done with the call."""
        try:
            await app(dict(_SCOPE), self._to_server.get, self._to_client.put)
        finally:
            self._to_client.put_nowait({"type": "websocket.close"})

    async def send(self, message: str | bytes) -> None:
        """To the server; a closed line swallows it."""
        kind = "text" if isinstance(message, str) else "bytes"
        if not self._closed:
            self._to_server.put_nowait({"type": "websocket.receive", kind: message})

    async def recv(self) -> str | bytes:
        """The server's next message.

        Raises:
            CallError: The server has closed.
        """
        async for message in self:
            return message
        raise CallError(f"{URL}: closed by the server")

    async def close(self) -> None:
        """Hang up; the server is told once."""
        if not self._closed:
            self._closed = True
            self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
            self._to_client.put_nowait({"type": "websocket.close"})

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while not self._closed or not self._to_client.empty():
            event = await self._to_client.get()
            if event["type"] == "websocket.close":
                self._closed = True
                return
            if event["type"] == "websocket.send":
                data = event.get("text")
                yield data if data is not None else event["bytes"]


def dialling(
    app: FastAPI,
) -> Callable[[str, Hello], AbstractAsyncContextManager[tuple[MemorySocket, Message]]]:
    """Dials an application directly; the url is only a name."""

    @asynccontextmanager
    async def dial(url: str, hello: Hello) -> AsyncIterator[tuple[MemorySocket, Message]]:
        socket = MemorySocket()
        serving = asyncio.create_task(socket.serve(app))
        try:
            yield socket, await take_ready(socket, url, hello)
        finally:
            await socket.close()
            await serving

    return dial
