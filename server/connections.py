"""Connections of strangers, within bounds: uvicorn's protocols wait and read without end."""

import asyncio
import socket
import struct
from functools import partial

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

REQUEST_WITHIN = 5
"""Seconds in which a request's head must have come whole, the first and the next."""

MOST_LATE_BYTES = 1 << 20
"""Read from a client after its call was closed; what was under way is less."""


ROUND_TRIP_AT = 68
"""Of `tcpi_rtt`, microseconds, in the kernel's struct."""


def round_trip(transport: asyncio.BaseTransport) -> float | None:
    """Seconds to the other end of a TCP connection and back (Linux' `tcp_info`); None if gone."""
    if transport.is_closing():
        return None
    info = transport.get_extra_info("socket").getsockopt(
        socket.IPPROTO_TCP, socket.TCP_INFO, ROUND_TRIP_AT + 4
    )
    (microseconds,) = struct.unpack_from("I", info, ROUND_TRIP_AT)
    return float(microseconds / 1e6)


class HttpConnection(H11Protocol):
    """Closes a connection that asks for nothing; uvicorn's timer runs between requests only."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request as for any next one."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Take what came; only a whole request ends the waiting."""
        self.conn.receive_data(data)
        self.handle_events()


class SocketConnection(WebSocketsSansIOProtocol):
    """Cuts off a client that goes on sending after its call was closed, instead of reading it.

    What answers it finds `round_trip()` in its state.
    """

    _late_bytes = 0

    async def run_asgi(self) -> None:
        """Hand the connection to the application."""
        self.scope["state"]["round_trip"] = partial(round_trip, self.transport)
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        """Take what came; of what comes after the close only what was under way."""
        if self.close_sent:
            self._late_bytes += len(data)
            if self._late_bytes > MOST_LATE_BYTES:
                self.transport.abort()
                return
        super().data_received(data)
