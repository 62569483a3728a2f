"""A wire to the database that can be cut: just as an answer to a commit comes back."""

import socket
import threading
from contextlib import suppress


class CutWire:
    """Forwards TCP connections to a server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        cut_at: Once a client has sent these bytes they are forwarded, the server's answer is
            awaited, and both sides are closed instead of forwarding it. None forwards for ever.
        cuts: How many more times to do so.
        refuses: Whether new connections are closed at once.
    """

    def __init__(self, host: str, port: int) -> None:
        self.cut_at: bytes | None = None
        self.cuts = 0
        self.refuses = False
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        # Closing alone would leave the accepting thread waiting.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.refuses:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                threading.Thread(target=self._answers, args=(client, server), daemon=True).start()
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.cut_at is not None and self.cuts > 0 and self.cut_at in data:
                    self.cuts -= 1
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    return
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        for end in (client, server):
            end.close()
