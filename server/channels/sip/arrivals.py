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
import threading
from collections import Counter, OrderedDict

REMEMBERED = 4096
"""Call-IDs; older ones are forgotten."""

WITHIN = 3.0
"""Seconds in which the trace of an INVITE must have come."""

_FIRST = re.compile(
    r"\ARX\s+(?P<transport>\S+)\s+(?P<source>\S+):\d+\s+->[^\n]*\n(?P<method>[A-Z]+) "
)
_CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


class Arrivals(logging.Handler):
    """Listens to the trace, from its own thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._sources: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._infos: Counter[str] = Counter()
        self._own = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Note where an INVITE came from, and that an INFO came."""
        text = record.getMessage()
        first = _FIRST.match(text)
        if first is None or first["method"] not in ("INVITE", "INFO"):
            return
        call_id = _CALL_ID.search(text)
        if call_id is None:
            return
        with self._own:
            if first["method"] == "INFO":
                self._infos[call_id[1]] += 1
            elif call_id[1] not in self._sources:
                source = first["source"].strip("[]")
                self._sources[call_id[1]] = (source, first["transport"].lower())
                if len(self._sources) > REMEMBERED:
                    self._sources.popitem(last=False)

    async def source(self, call_id: str) -> tuple[str, str] | None:
        """Address and transport of a call's first INVITE; None where the trace has none."""
        deadline = asyncio.get_running_loop().time() + WITHIN
        while asyncio.get_running_loop().time() < deadline:
            with self._own:
                if found := self._sources.get(call_id):
                    return found
            await asyncio.sleep(0.01)
        return None

    def take_info(self, call_id: str) -> bool:
        """Whether an INFO has come that no key was taken from yet."""
        with self._own:
            if self._infos[call_id] <= 0:
                return False
            self._infos[call_id] -= 1
            return True

    def forget(self, call_id: str) -> None:
        """The call is over."""
        with self._own:
            self._sources.pop(call_id, None)
            self._infos.pop(call_id, None)
