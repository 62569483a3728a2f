"""The assistant in a process of its own, so that those who measure it do not slow it down.

    python -m server.bench.host [SETTINGS.toml]

Takes one JSON object a line and answers with one: `{"do": "open", "today": …, "max_calls": …}`
serves a fresh demo bank and gives its url, `{"do": "close", "url": …}` ends that, and
`{"do": "lag"}` tells by how many milliseconds the event loop was late since it was last asked.
The end of the input ends it.
"""

import asyncio
import json
import signal
import sys
import time
from contextlib import AsyncExitStack, suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from server.app import serving
from server.bank_file import temporary_bank
from server.bench.report import percentile
from server.engines import Engines, load_engines
from server.errors import ServerError
from server.settings import Settings, load_settings
from voice.errors import VoiceError

TICK = 0.01
"""Seconds between two looks at the event loop."""


class LoopLag:
    """By how much the event loop was late, sampled all the time."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def watch(self) -> None:
        """Sample until cancelled."""
        while True:
            due = time.monotonic() + TICK
            await asyncio.sleep(TICK)
            self._late.append(1000 * (time.monotonic() - due))

    def take(self) -> dict[str, float | int | None]:
        """Milliseconds since the last time."""
        late, self._late = self._late, []
        return {
            "n": len(late),
            "p50_ms": percentile(late, 50),
            "p99_ms": percentile(late, 99),
            "worst_ms": round(max(late), 1) if late else None,
        }


class Host:
    """Servers on the same engines, each with a bank of its own."""

    def __init__(self, settings: Settings, engines: Engines) -> None:
        self._settings = settings
        self._engines = engines
        self._open: dict[str, AsyncExitStack] = {}
        self.lag = LoopLag()

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what a line asks for."""
        match order["do"]:
            case "open":
                return {"url": await self._serve(order)}
            case "close":
                await self._open.pop(order["url"]).aclose()
                return {}
            case "lag":
                return dict(self.lag.take())
        return {"error": f"unknown: {order['do']}"}

    async def _serve(self, order: dict[str, Any]) -> str:
        today = date.fromisoformat(order["today"])
        given = {name: order[name] for name in ("max_calls",) if order.get(name)}
        settings = self._settings.model_copy(update={"host": "127.0.0.1", "port": 0, **given})
        stack = AsyncExitStack()
        folder = Path(stack.enter_context(TemporaryDirectory()))
        bank = await self._engines.bank.run(temporary_bank, folder, today)
        stack.callback(bank.close)
        served = serving(settings, self._engines, bank, today=lambda: today)
        url = await stack.enter_async_context(served)
        self._open[url] = stack
        return url


async def run(host: Host) -> None:
    """Obey until the input ends."""
    watching = asyncio.create_task(host.lag.watch())
    while line := await asyncio.to_thread(sys.stdin.readline):
        tell(await host.obey(json.loads(line)))
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


def tell(answer: dict[str, Any]) -> None:
    """One line to whoever started us."""
    print(json.dumps(answer), flush=True)


def main() -> None:
    """The process."""
    from server.cli.logs import set_up_logs

    set_up_logs(verbose=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us closes our input
    try:
        settings = load_settings(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
        engines = load_engines(settings, lambda what: tell({"loading": what}))
    except (ServerError, VoiceError) as error:
        sys.exit(f"tellerline: {error}")
    tell({"ready": True})
    try:
        asyncio.run(run(Host(settings, engines)))
    finally:
        engines.close()


if __name__ == "__main__":
    main()
