"""Our side of `server.bench.host`: the assistant started, asked for servers, and ended."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from server.caller import Dial
from server.client.connection import dialled
from server.errors import ServerError
from server.processes import ended

START_WITHIN = 180.0
END_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """Where a server is called, and how."""

    url: str
    dial: Dial = dialled


class Serving(Protocol):
    """Whoever serves calls: a process of its own, or virtual time (`server.bench.virtual`)."""

    def serving(
        self, today: date, max_calls: int | None = None
    ) -> AbstractAsyncContextManager[Line]:
        """A server with a fresh demo bank."""
        ...


class Assistant:
    """A running host.

    Args:
        process: Of it.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def serving(self, today: date, max_calls: int | None = None) -> AsyncIterator[Line]:
        """A server with a fresh demo bank."""
        opened = await self.ask({"do": "open", "today": str(today), "max_calls": max_calls})
        try:
            yield Line(opened["url"])
        finally:
            await self.ask({"do": "close", "url": opened["url"]})

    async def lag(self) -> dict[str, Any]:
        """By how much its event loop was late since it was last asked."""
        return await self.ask({"do": "lag"})

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order and its answer.

        Raises:
            ServerError: The assistant has ended.
        """
        if self._process.stdin is None:
            raise ServerError("the assistant's process takes no orders")
        async with self._turn:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
            return await self.answer()

    async def answer(self) -> dict[str, Any]:
        """The next line that it tells."""
        line = await self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ServerError("the assistant's process has ended; its last words are above")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ServerError(f"the assistant's process: {answer['error']}")
        return answer


@asynccontextmanager
async def assistant(
    settings_file: Path | None = None, report: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Assistant]:
    """The assistant in a process of its own, models loaded.

    Args:
        settings_file: As `tellerline --config`.
        report: Told what is being loaded.

    Raises:
        ServerError: It did not start.
    """
    more = [str(settings_file)] if settings_file else []
    async with child("server.bench.host", *more) as process:
        host = Assistant(process)
        async with asyncio.timeout(START_WITHIN):
            while not (told := await host.answer()).get("ready"):
                report(str(told.get("loading")))
        yield host


@asynccontextmanager
async def child(
    module: str, *arguments: str, environment: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A module of ours as a process with lines in and out; it ends with the end of its input.

    Args:
        module: To be run.
        arguments: For it.
        environment: Instead of ours.
    """
    quiet = {"LOGURU_LEVEL": "WARNING"}  # pipecat greets at its import
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**(os.environ if environment is None else environment), **quiet},
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await ended(process, END_WITHIN)
