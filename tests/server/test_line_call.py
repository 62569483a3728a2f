"""The same call whatever the line: what a channel gives, and what it gets back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pipecat.frames.frames import Frame, InputAudioRawFrame

from dialog.bank.bank import Bank
from server.admission import Admission
from server.bank_file import temporary_bank
from server.channels.call import House, hold_call
from server.channels.keypad import Keypad
from server.channels.line import Caller
from server.engines import Engines
from server.settings import Settings, read_data_keys
from tests.server.conftest import CHEAP, TODAY
from tests.server.staged import SEND, YES, Ear, Judge, Level, Meaning, NoEcho, Voice


@dataclass
class PlainLine:
    """A line without a network: the caller is a loudness and keys."""

    person: bool = False
    level: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    keys: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    played: int = 0
    clears: int = 0
    gone: bool = False
    closed: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def delay(self) -> dict[str, float]:
        return {"jitter_buffer": 0.06}

    async def frames(self) -> AsyncIterator[Frame]:
        pad, began, count = Keypad(), time.monotonic(), 0
        while not self.gone:
            while not self.keys.empty():
                if key := pad.press(self.keys.get_nowait(), time.monotonic()):
                    yield key
            audio = np.full(320, self.level, np.int16).tobytes()
            yield InputAudioRawFrame(audio=audio, sample_rate=16000, num_channels=1)
            count += 1
            await asyncio.sleep(max(0.0, began + count * 0.02 - time.monotonic()))

    async def play(self, samples: np.ndarray) -> None:
        self.played += len(samples)

    async def clear(self) -> None:
        self.clears += 1

    async def tell(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    async def hand_over(self, summary: str) -> bool:
        self.asked.append(summary)
        return self.person

    async def close(self) -> None:
        self.closed = True

    async def until(self, kind: str, words: str = "", *, times: int = 1) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                found = [e for e in self.events if e["type"] == kind and words in str(e)]
                if len(found) >= times:
                    return found[times - 1]
                await asyncio.sleep(0.01)

    async def says(self, level: int) -> None:
        self.level = level
        await asyncio.sleep(0.6)
        self.level = 0

    async def press(self, digits: str) -> None:
        for digit in digits:
            self.keys.put_nowait(digit)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def call(
    line: PlainLine, folder: Path, monkeypatch: Any, **settings: Any
) -> AsyncIterator[tuple[Bank, "asyncio.Task[str]"]]:
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    engines = Engines(Ear(), Judge(), Meaning(), Voice(), folder / "phrases.npz")  # type: ignore[arg-type]
    bank = temporary_bank(folder, TODAY, cost=CHEAP)
    chosen = Settings(port=0, silence=5.0, **settings)
    house = House(chosen, engines, bank, Admission(chosen), lambda: TODAY)
    running = asyncio.create_task(hold_call(line, Caller("plain", diagnostics=True), house, "c-1"))
    try:
        yield bank, running
    finally:
        line.gone = True
        async with asyncio.timeout(10):
            await running
        bank.close()
        engines.close()


async def test_a_caller_on_any_line_pays_once(tmp_path, monkeypatch):
    line = PlainLine()
    async with call(line, tmp_path, monkeypatch) as (bank, _):
        await line.until("listening", "greet")
        await line.says(SEND)
        await line.until("listening", "ask_customer_number")
        await line.press("40217308")
        await line.until("listening", "ask_pin")
        await line.press("4821")
        await line.until("listening", "confirm")
        await asyncio.sleep(0.6)  # until it has been heard to its end
        await line.says(YES)
        await line.until("listening", times=5)
        (transfer,) = bank.books()["transfers"]
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    assert line.closed
    assert line.played > 16000
    parts = [e["parts"] for e in line.events if e.get("parts")]
    assert parts
    assert all(part["jitter_buffer"] == 60.0 for part in parts)


async def test_what_we_say_is_cleared_when_the_caller_speaks(tmp_path, monkeypatch):
    line = PlainLine()
    async with call(line, tmp_path, monkeypatch):
        await line.until("said")
        await asyncio.sleep(0.3)
        await line.says(SEND)
        await line.until("turn_started")
        assert line.clears == 1


async def test_a_caller_whom_nobody_takes_over_is_back_with_us(tmp_path, monkeypatch):
    line = PlainLine(person=False)
    async with call(line, tmp_path, monkeypatch) as (_, running):
        await three_wrong_pins(line)
        await line.until("listening", "hand_over_failed")
        await line.says(SEND)
        await line.until("listening", "ask_customer_number", times=2)
        assert not running.done()
    assert len(line.asked) >= 1


async def test_a_caller_who_is_taken_over_has_left_us(tmp_path, monkeypatch):
    line = PlainLine(person=True)
    async with call(line, tmp_path, monkeypatch) as (_, running):
        await three_wrong_pins(line)
        async with asyncio.timeout(20):
            assert await running == "transfer"
    assert len(line.asked) == 1
    assert line.asked[0]


async def three_wrong_pins(line: PlainLine) -> None:
    await line.until("listening", "greet")
    await line.says(SEND)
    await line.until("listening", "ask_customer_number")
    for wrong in range(1, 4):
        await line.press("40217308")
        await line.until("listening", "ask_pin", times=wrong)
        await line.press("0000")
        if wrong < 3:
            await line.until("listening", "login_failed", times=wrong)


async def test_a_line_that_fails_ends_its_call(tmp_path, monkeypatch):
    class Broken(PlainLine):
        async def frames(self) -> AsyncIterator[Frame]:
            raise OSError("the wire was cut")
            yield

    line = Broken()
    async with call(line, tmp_path, monkeypatch) as (_, running), asyncio.timeout(10):
        assert await running == "lost"
    assert line.closed


async def test_the_record_of_a_call_lies_sealed_under_a_key_that_can_be_destroyed(
    tmp_path, monkeypatch
):
    line, kept = PlainLine(), {"records": tmp_path / "calls", "data_keys": tmp_path / "ring"}
    async with call(line, tmp_path, monkeypatch, **kept) as (bank, running):
        await line.until("listening", "greet")
        line.gone = True
        await running
        (record,) = kept["records"].iterdir()
        vault = bank.vault(read_data_keys(kept["data_keys"]))
        opened = [vault.open("c-1", token) for token in record.read_bytes().split()]
    assert b"greet" in b"".join(opened)
    assert b"greet" not in record.read_bytes()
