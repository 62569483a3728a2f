"""Who may call, and how many at once: a call that cannot be served is refused, politely."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog

from dialog.bank.login import SHARED
from server.channels.line import address_of_number
from server.devices import Devices
from server.errors import SettingsError
from server.protocol import Hello, ProtocolError
from server.settings import Settings, Token

log = structlog.get_logger()


def is_loopback(host: str | None) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_allowed(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        ip = ip_address(address.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return is_loopback(str(ip)) or any((mapped or ip) in network for network in networks)


def address_of(token: Token | None, host: str | None, caller_id: str | None = None) -> str | None:
    """Where the tries of a client are counted; None where many would share it.

    Only the holder of a token is believed: a program on this machine may tell what it likes. A
    token for one call at a time is one device's. The clients of any other are told apart by their
    network (of IPv6 a /64), unless that is a private one: a proxy there stands for all of them.

    Args:
        token: By which it was let in.
        host: Its address.
        caller_id: That it tells.
    """
    if token is None:
        return None
    if caller_id:
        return address_of_number(token.name, caller_id)
    if token.max_calls == 1:
        return f"device:{token.name}"
    try:
        ip = ip_address((host or "").split("%")[0])
    except ValueError:
        return None
    ip = getattr(ip, "ipv4_mapped", None) or ip
    network = ip_network((ip, 32 if ip.version == 4 else 64), strict=False)
    return f"{SHARED}{network}" if ip.is_global else None


class Drain:
    """The end of a server: no new calls once it has begun, and over when the last one has ended."""

    def __init__(self) -> None:
        self.begun = False
        self._empty = asyncio.Event()
        self._empty.set()

    def begin(self) -> None:
        """Take no new calls."""
        self.begun = True

    async def wait(self) -> None:
        """Until no call runs."""
        await self._empty.wait()

    def running(self, calls: int) -> None:
        """How many run now."""
        if calls:
            self._empty.clear()
        else:
            self._empty.set()


class Admission:
    """The calls under way, by token.

    Args:
        settings: Who may call, how many at once, and how late the engines may be.
        drain: Shared with the other ways in.
        seconds_late: How late the engines are: past that, another call would make all callers wait.

    Attributes:
        drain: Once it has begun, new calls are refused.
    """

    def __init__(
        self,
        settings: Settings,
        drain: Drain | None = None,
        seconds_late: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._settings = settings
        self._seconds_late = seconds_late
        self._calls: Counter[str] = Counter()
        self.drain = drain or Drain()
        self._devices = Devices(settings.devices_file)

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return self._calls.total()

    @property
    def is_full(self) -> bool:
        """Whether a new call is refused now, whoever calls."""
        is_late = self.calls > 0 and self._seconds_late() > self._settings.latest
        return self.drain.begun or self.calls >= self._settings.max_calls or is_late

    @contextmanager
    def admit(self, hello: Hello, *, host: str | None, secure: bool) -> Iterator[Token | None]:
        """Hold a place for the length of a call; gives the token that calls.

        Args:
            hello: What the client said.
            host: Its address.
            secure: Whether it came over TLS.

        Raises:
            ProtocolError: Unauthorized or busy.
        """
        token = self._check(hello, host, secure)
        with self.place(token.name if token else "", token.max_calls if token else None):
            yield token

    def is_ours(self, host: str | None) -> bool:
        """Whether a program of this machine calls; behind a proxy nobody can be told from it."""
        return self._settings.public_url is None and is_loopback(host)

    @contextmanager
    def place(self, name: str = "", most: int | None = None) -> Iterator[None]:
        """Hold a place for the length of a call that another check has let in.

        Args:
            name: By which its calls are counted.
            most: Calls at once under that name.

        Raises:
            ProtocolError: Busy.
        """
        if self.is_full:
            raise ProtocolError("busy", "all lines are taken; please try again soon", fatal=True)
        if most is not None and self._calls[name] >= most:
            raise ProtocolError("busy", "this token's calls are all taken", fatal=True)
        self._calls[name] += 1
        self.drain.running(self.calls)
        try:
            yield
        finally:
            self._calls[name] -= 1
            self.drain.running(self.calls)

    def _check(self, hello: Hello, host: str | None, secure: bool) -> Token | None:
        if hello.token is None and self.is_ours(host):
            return None
        if not is_loopback(host) and not secure:
            raise ProtocolError("unauthorized", "calls from outside need wss", fatal=True)
        given = hashlib.sha256((hello.token or "").encode()).hexdigest()
        for token in (*self._settings.tokens, *self._of_devices()):
            if hmac.compare_digest(given, token.sha256):
                return token
        raise ProtocolError("unauthorized", "a valid token is needed", fatal=True)

    def _of_devices(self) -> list[Token]:
        """The devices' tokens; none where their file is damaged, which is logged."""
        try:
            return self._devices.tokens(datetime.now(UTC))
        except SettingsError as error:
            log.error("devices_not_read", error=str(error))
            return []
