"""Who may call, and how many at once: a call that cannot be served is refused, politely."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from server.protocol import Hello, ProtocolError
from server.settings import Settings, Token


def is_loopback(host: str | None) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


class Admission:
    """The calls under way, by token."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: Counter[str] = Counter()

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return self._calls.total()

    @contextmanager
    def admit(self, hello: Hello, *, host: str | None, secure: bool) -> Iterator[str | None]:
        """Hold a place for the length of a call; gives the name of the token that calls.

        Args:
            hello: What the client said.
            host: Its address.
            secure: Whether it came over TLS.

        Raises:
            ProtocolError: Unauthorized or busy.
        """
        token = self._check(hello, is_loopback(host), secure)
        name = token.name if token else ""
        if self.calls >= self._settings.max_calls:
            raise ProtocolError("busy", "all lines are taken; please try again soon", fatal=True)
        if token and self._calls[name] >= token.max_calls:
            raise ProtocolError("busy", "this token's calls are all taken", fatal=True)
        self._calls[name] += 1
        try:
            yield token.name if token else None
        finally:
            self._calls[name] -= 1

    def _check(self, hello: Hello, local: bool, secure: bool) -> Token | None:
        if hello.token is None and local:
            return None
        if not local and not secure:
            raise ProtocolError("unauthorized", "calls from outside need wss", fatal=True)
        given = hashlib.sha256((hello.token or "").encode()).hexdigest()
        for token in self._settings.tokens:
            if hmac.compare_digest(given, token.sha256):
                return token
        raise ProtocolError("unauthorized", "a valid token is needed", fatal=True)
