"""Where SIP requests really came from: baresip tells it in its message trace and nowhere else.

A From or a Via says what its sender likes. The trace's first line holds the socket's addresses:

    RX UDP 192.0.2.1:5060 -> 192.0.2.9:5060
    INVITE sip:bank@192.0.2.9 SIP/2.0
    Call-ID: a84b4c76

No message is kept or logged: an INFO holds a caller's key.
"""

import asyncio
import logging
import re
import socket
import threading
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote

REMEMBERED = 4096
"""Call-IDs; older ones are forgotten."""

WITHIN = 3.0
"""Seconds in which the trace of an INVITE must have come."""

_FIRST = re.compile(
    r"\ARX\s+(?P<transport>\S+)\s+(?P<source>\S+):\d+\s+->[^\n]*\n(?P<method>[A-Z]+) "
    r"(?:sips?:(?P<called>[^@;>\s]{1,128})@)?"
)
_BEFORE = re.compile(r"^X-Tellerline-Source[ \t]*:[ \t]*(\S{2,45})[ \t]*\r?$", re.MULTILINE)
_CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_OF_A_CALL = re.compile(r"^(?:To|t)[ \t]*:.*;[ \t]*tag[ \t]*=", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(r"^(?:Content-Type|c)[ \t]*:[ \t]*application/dtmf", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"^CSeq[ \t]*:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An INVITE.

    Attributes:
        source, transport: Of the socket that it came by.
        origin: The source, or what a proxy on this machine had it from (deploy/kamailio.cfg).
        called: The user in its first line; empty where that names none.
    """

    source: str
    transport: str
    origin: str
    called: str


@dataclass(slots=True)
class _Keys:
    """Of one call: keys by INFO that were not taken yet, and the number of the last request."""

    waiting: int = 0
    number: int = -1


class Arrivals(logging.Handler):
    """Listens to the trace, from its own thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._sources: OrderedDict[str, Arrival | None] = OrderedDict()
        self._keys: dict[str, _Keys] = {}
        self._own = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Note where an INVITE came from, and that a key came by INFO."""
        text = record.getMessage()
        first = _FIRST.match(text)
        if first is None or first["method"] not in ("INVITE", "INFO"):
            return
        call_id = _CALL_ID.search(text)
        if call_id is None:
            return
        with self._own:
            if first["method"] == "INFO":
                self._informed(call_id[1], text)
            elif not _OF_A_CALL.search(text):
                self._invited(call_id[1], _arrival(first, text))

    def _informed(self, call_id: str, text: str) -> None:
        """A key of a call that we hold; told again, its number is the same."""
        keys, number = self._keys.get(call_id), _NUMBER.search(text)
        if keys is None or number is None or not _KEY.search(text):
            return
        if int(number[1]) > keys.number:
            keys.number = int(number[1])
            keys.waiting += 1

    def _invited(self, call_id: str, arrival: Arrival) -> None:
        """A new call; one that two addresses ask for under the same name is nobody's."""
        known = self._sources.setdefault(call_id, arrival)
        if known is not None and known.source != arrival.source:
            self._sources[call_id] = None
        if len(self._sources) > REMEMBERED:
            self._sources.popitem(last=False)

    async def of(self, call_id: str) -> Arrival | None:
        """Of a call's INVITE; None where the trace has none, or one of several addresses."""
        deadline = asyncio.get_running_loop().time() + WITHIN
        while asyncio.get_running_loop().time() < deadline:
            with self._own:
                if call_id in self._sources:
                    return self._sources[call_id]
            await asyncio.sleep(0.01)
        return None

    def follow(self, call_id: str) -> None:
        """Count the keys of a call that we take."""
        with self._own:
            self._keys[call_id] = _Keys()

    def take_info(self, call_id: str) -> bool:
        """Whether a key has come by INFO that was not taken yet."""
        with self._own:
            keys = self._keys.get(call_id)
            if keys is None or keys.waiting == 0:
                return False
            keys.waiting -= 1
            return True

    def forget(self, call_id: str) -> None:
        """The call is over."""
        with self._own:
            self._keys.pop(call_id, None)


def _arrival(first: re.Match[str], text: str) -> Arrival:
    source = origin = first["source"].strip("[]")
    if (before := _BEFORE.search(text)) and is_own(source):
        origin = before[1]
    return Arrival(source, first["transport"].lower(), origin, unquote(first["called"] or ""))


def is_own(address: str) -> bool:
    """Whether an address is this machine's: what it sent there would come from there."""
    ip = ip_address(address)
    if ip.is_loopback:
        return True
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))  # sends nothing
            return bool(ip_address(probe.getsockname()[0]) == ip)
    except OSError:
        return False
