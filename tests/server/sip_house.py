"""A house with a telephone trunk, for the tests of SIP: staged sound or real engines."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import server.channels.call as call_module
from dialog.bank.bank import Bank
from server.admission import Drain
from server.app import serving
from server.bank_file import temporary_bank
from server.engines import Engines
from server.records import DETAILS, CallRecord
from server.settings import Settings, Sip
from tests.server.conftest import CHEAP, TODAY
from tests.server.sip_clients import free_ports
from tests.server.staged import Ear, Judge, Level, Meaning, NoEcho, Voice


@dataclass
class SipHouse:
    """A running server; `events` are those of all its calls, as they happen."""

    uri: str
    port: int
    url: str
    bank: Bank
    folder: Path
    events: list[dict[str, Any]] = field(default_factory=list)

    async def until(
        self, kind: str, words: str = "", *, times: int = 1, seconds: float = 25.0
    ) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = [e for e in self.events if e["type"] == kind and words in str(e)]
            if len(found) >= times:
                return found[times - 1]
            if asyncio.get_running_loop().time() > deadline:
                seen, heard = Counter(self.actions()), Counter(self.heard())
                told = f"{dict(seen)}, {dict(heard)}"
                raise TimeoutError(f"{len(found)} of {times} {kind} {words}; {told}")
            await asyncio.sleep(0.1)  # it shares the loop with the server

    def actions(self) -> list[str]:
        return [e["action"] for e in self.events if e["type"] == "listening"]

    def heard(self) -> list[str]:
        return [e["text"] for e in self.events if e["type"] == "heard"]

    async def details(self, count: int = 1) -> list[dict[str, Any]]:
        """The call detail records, once there are so many."""
        async with asyncio.timeout(30):
            while True:
                written = [path.read_text() for path in self.folder.glob(f"*{DETAILS}")]
                if len(written) >= count and all(written):
                    details = [json.loads(text) for text in written]
                    return sorted(details, key=lambda each: str(each["over"]))
                await asyncio.sleep(0.05)


@asynccontextmanager
async def sip_house(
    folder: Path,
    monkeypatch: Any,
    *,
    engines: Engines | None = None,
    sip: dict[str, Any] | None = None,
    drain: Drain | None = None,
    **settings: Any,
) -> AsyncIterator[SipHouse]:
    """Real engines where they are given, else the stage's."""
    own = engines is None
    if engines is None:
        monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
        monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
        engines = Engines(Ear(), Judge(), Meaning(), Voice(), folder / "phrases.npz")  # type: ignore[arg-type]
    events: list[dict[str, Any]] = []

    class Listening(CallRecord):
        def add(self, event: dict[str, Any]) -> None:
            super().add(event)
            events.append(event)

    monkeypatch.setattr(call_module, "CallRecord", Listening)
    bank = temporary_bank(folder, TODAY, cost=CHEAP)
    trunk = Sip(port=free_ports(2), **(sip or {}))
    chosen = Settings(**({"port": 0, "records": folder, "sip": trunk, "silence": 10.0} | settings))
    try:
        async with serving(chosen, engines, bank, today=lambda: TODAY, drain=drain) as url:
            uri = f"sip:bank@127.0.0.1:{trunk.port}"
            yield SipHouse(uri, trunk.port, url, bank, folder, events)
    finally:
        bank.close()
        if own:
            engines.close()
