"""A stage for races: the real server, dialog and bank, with sound that a test can time.

The caller's loudness stands for what they say, and the voice takes as long as a test wants. What is
real sound is tested with real engines in test_calls.py.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import websockets

from dialog.bank.bank import Bank
from nlu.understanding import Entity, Money, ScoredIntent, Understanding
from server.app import serving
from server.bank_file import temporary_bank
from server.engines import Engines
from server.settings import Settings
from tests.server.conftest import CHEAP, TODAY
from voice.phrase_cache import PhraseCache
from voice.transcript import Hypothesis, Transcript

SEND, YES, COUGH, GREET, HUM, RUSTLE = 2000, 3000, 4000, 5000, 6000, 800
WORDS = {
    SEND: "Send fifty dollars to Anna Keller.",
    YES: "Yes.",
    COUGH: "",
    GREET: "Hello there.",
    HUM: "Mm.",
}


@dataclass
class Ear:
    """Hears what a loudness stands for.

    Attributes:
        seconds: How long it takes, by loudness.
        heard: All of what it has heard, pauses in the middle of a turn included.
    """

    seconds: dict[int, float] = field(default_factory=dict)
    heard: list[int] = field(default_factory=list)

    def glance(self, _: np.ndarray) -> None:
        return None

    def transcribe(self, audio: np.ndarray, **_: Any) -> Transcript:
        level = int(np.abs(audio).max()) // 1000 * 1000
        time.sleep(self.seconds.get(level, 0.05))
        self.heard.append(level)
        text = WORDS.get(level, "")
        readings = (Hypothesis(text, 0.95),) if text else ()
        return Transcript(text, 0.95 if text else 0.0, readings, "en", 1.0, is_speech=bool(text))


class NoEcho:
    """All steady sounds are alike: on the stage none of them is an echo."""

    def sent(self, samples: np.ndarray) -> None:
        pass

    def heard(self, samples: np.ndarray) -> None:
        pass

    def is_echo(self) -> bool:
        return False


class Judge:
    """Everything sounds finished."""

    def complete_probability(self, _: np.ndarray) -> float:
        return 0.9


class Meaning:
    """Understands the few sentences of the stage."""

    version = "staged"

    def understand(self, text: str, context: Any, *, confidence: float = 1.0, **_: Any) -> Any:
        intent = {"Send": "transfer", "Yes.": "affirm"}.get(text.split()[0], "greet")
        found: list[Entity] = []
        if intent == "transfer":
            found.append(Entity("money", Money(Decimal("50.00")), "fifty dollars", 5, 18))
            if "Anna Keller" in context.payees:
                found.append(Entity("payee", "Anna Keller", "Anna Keller", 22, 33, 1.0, "to"))
        scored = (ScoredIntent(intent, 0.2 if text == WORDS[HUM] else 0.97),)
        return Understanding(text, scored, tuple(found), confidence, True)

    def settles(self, hypotheses: Any, context: Any) -> bool:
        return True


@dataclass
class Voice:
    """Speaks 25 ms a letter, or as long as told.

    Attributes:
        late: Seconds before the first sound of a sentence that holds these words.
        broken: Sentences that hold these words cannot be spoken, this many times.
    """

    sample_rate: int = 16000
    seconds_a_letter: float = 0.025
    late: dict[str, float] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    phrases: PhraseCache = field(default_factory=lambda: PhraseCache(0))

    def stream(self, text: str, *, cancelled: Callable[[], bool], **_: Any) -> Iterator[np.ndarray]:
        time.sleep(sum(seconds for words, seconds in self.late.items() if words in text))
        for words, times in self.broken.items():
            if words in text and times:
                self.broken[words] -= 1
                raise RuntimeError("the voice broke")
        left = int(len(text) * self.seconds_a_letter * self.sample_rate)
        while left > 0 and not cancelled():
            yield np.full(min(left, 8000), 500, np.int16)
            left -= 8000


class Level:
    """Loud is speech; half as loud is a sound."""

    loud = False

    def process(self, window: np.ndarray, *, playing: bool) -> float:
        self.loud = bool(np.abs(window).max() > 500)
        return 1.0 if np.abs(window).max() > 1000 else 0.0


@dataclass
class Caller:
    """A client that sends audio in real time and says things by their loudness."""

    socket: websockets.ClientConnection
    bank: Bank
    events: list[dict[str, Any]] = field(default_factory=list)
    audio: list[np.ndarray] = field(default_factory=list)
    level: int = 0
    engines: Engines | None = None

    async def send(self) -> None:
        began, count = time.monotonic(), 0
        while True:
            await self.socket.send(np.full(320, self.level, np.int16).tobytes())
            count += 1
            await asyncio.sleep(max(0.0, began + count * 0.02 - time.monotonic()))

    async def receive(self) -> None:
        async for message in self.socket:
            if isinstance(message, str):
                self.events.append(json.loads(message))
            else:
                self.audio.append(np.frombuffer(message, np.int16))

    async def says(self, level: int, seconds: float = 0.6) -> None:
        self.level = level
        await asyncio.sleep(seconds)
        self.level = 0

    async def keys(self, digits: str) -> None:
        for digit in digits:
            await self.socket.send(json.dumps({"type": "dtmf", "digit": digit}))
            await asyncio.sleep(0.05)

    async def until(self, kind: str, words: str = "", *, since: int = 0) -> dict[str, Any]:
        """The first event of a kind, after some others, that holds these words."""
        async with asyncio.timeout(15):
            while True:
                for event in self.events[since:]:
                    if event["type"] == kind and words in json.dumps(event):
                        return event
                await asyncio.sleep(0.01)

    async def asks_to_send_fifty(self) -> None:
        """Up to the moment at which the amount is about to be read back."""
        await self.until("listening", "greet")
        await self.says(SEND)
        await self.until("listening", "ask_customer_number")
        await self.keys("40217308")
        await self.until("listening", "ask_pin")
        await self.keys("4821")

    @property
    def transfers(self) -> int:
        return len(self.bank.books()["transfers"])

    def said(self, *, since: int = 0) -> list[str]:
        spoken = [e for e in self.events[since:] if e["type"] == "said"]
        return [e["text"] for e in spoken if not e.get("interrupted")]


@asynccontextmanager
async def staged(
    folder: Path,
    monkeypatch: Any,
    *,
    voice: Voice | None = None,
    ear: Ear | None = None,
    ducks: bool = False,
    token: str | None = None,
    **settings: Any,
) -> AsyncIterator[Caller]:
    """A call on the stage."""
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    engines = Engines(ear or Ear(), Judge(), Meaning(), voice or Voice(), Path())  # type: ignore[arg-type]
    bank = temporary_bank(folder, TODAY, cost=CHEAP)
    chosen = Settings(port=0, silence=2.0, **settings)
    hello = {
        "type": "hello",
        "version": 1,
        "sample_rate": 16000,
        "encoding": "pcm16",
        "ducks": ducks,
    } | ({"token": token} if token else {})
    async with (
        serving(chosen, engines, bank, today=lambda: TODAY) as url,
        websockets.connect(url) as socket,
    ):
        await socket.send(json.dumps(hello))
        caller = Caller(socket, bank, engines=engines)
        tasks = [asyncio.create_task(caller.send()), asyncio.create_task(caller.receive())]
        yield caller
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    bank.close()
    engines.close()
