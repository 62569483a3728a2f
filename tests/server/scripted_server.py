"""A small server that speaks docs/protocol.md by a script, to test the client against.

It hears with its ears only: a turn is sound followed by 300 ms of quiet. It answers every turn
with a tone that begins a known time after the caller's last sound.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from voice.codecs import decode, encode
from voice.pcm import Samples

QUIET = 0.3


def tone(seconds: float, rate: int, hertz: float = 440.0) -> Samples:
    at = np.arange(int(seconds * rate)) / rate
    return (8000 * np.cos(2 * np.pi * hertz * at)).astype(np.int16)


@dataclass
class Script:
    """What the server does.

    Attributes:
        delay: Seconds from the caller's last sound to the first of the answer.
        answers: Seconds of each answer; the last one again when there are more turns.
        goodbye_after: Turns after which the server hangs up with "goodbye"; 0: never.
        stop: The reason of a hangup that ends the call after the first turn, or "drop".
        refuse: An error code to answer the hello with.
        deaf: Never answer.
        diagnostics: Grant them.
        said: The words of an answer, before its number.
        heard: By turn, what was heard where that is not its number.
        asks_secret: Turns whose answer asks for a secret.
    """

    delay: float = 0.4
    answers: tuple[float, ...] = (0.2,)
    greeting: float = 0.1
    goodbye_after: int = 0
    stop: str | None = None
    refuse: str | None = None
    deaf: bool = False
    diagnostics: bool = True
    said: str = "answer"
    heard: dict[int, str] = field(default_factory=dict)
    asks_secret: tuple[int, ...] = ()


@dataclass
class Seen:
    """What reached the server, and how late its answers really were (seconds)."""

    hello: dict = field(default_factory=dict)
    played: list[tuple[int, int]] = field(default_factory=list)
    keys: list[tuple[float, str]] = field(default_factory=list)
    received: list[Samples] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    sent_samples: int = 0
    delays: list[float] = field(default_factory=list)
    hung_up: bool = False


class Conversation:
    def __init__(self, socket: ServerConnection, script: Script, seen: Seen) -> None:
        self.socket, self.script, self.seen = socket, script, seen
        self.turn = 0
        self.cleared = 0
        self.answering: asyncio.Task | None = None
        self.in_speech = False
        self.last_loud = 0
        self.ended_at = 0.0
        self.count = 0

    async def run(self) -> None:
        hello = json.loads(await self.socket.recv())
        self.seen.hello = hello
        if self.script.refuse:
            await self.send(
                type="error", code=self.script.refuse, message="all lines are taken", fatal=True
            )
            await self.socket.close(4429)
            return
        self.rate, self.encoding = hello["sample_rate"], hello["encoding"]
        await self.send(type="ready", call="c-1", version=1, diagnostics=self.script.diagnostics)
        if self.script.greeting:
            self.answering = asyncio.create_task(self.answer(0, self.script.greeting, 0.0))
        async for data in self.socket:
            if isinstance(data, bytes):
                await self.hear(decode(data, self.encoding))
            else:
                await self.obey(json.loads(data))

    async def obey(self, message: dict) -> None:
        match message["type"]:
            case "played":
                self.seen.played.append((message["samples"], message["clear"]))
            case "hangup":
                self.seen.hung_up = True
            case "dtmf":
                now = asyncio.get_running_loop().time()
                self.seen.keys.append((now, message["digit"]))
                if message["digit"] == "#":
                    self.ended_at = now
                    self.turn += 1
                    self.start_answer(self.script.delay)

    async def hear(self, samples: Samples) -> None:
        self.seen.received.append(samples)
        self.seen.arrivals.append(asyncio.get_running_loop().time())
        loud = np.flatnonzero(np.abs(samples.astype(int)) > 327)
        if len(loud):
            self.last_loud = self.count + int(loud[-1]) + 1
            if not self.in_speech:
                self.in_speech = True
                await self.start_turn()
        self.count += len(samples)
        quiet = (self.count - self.last_loud) / self.rate
        if self.in_speech and quiet >= QUIET:
            self.in_speech = False
            self.ended_at = asyncio.get_running_loop().time() - quiet
            await self.end_turn(self.script.delay - quiet)

    async def start_turn(self) -> None:
        self.turn += 1
        await self.send(type="turn_started", turn=self.turn)
        if self.answering and not self.answering.done():
            self.answering.cancel()
            self.cleared += 1
            await self.send(type="clear", id=self.cleared)

    async def end_turn(self, wait: float) -> None:
        if self.script.deaf:
            return
        await self.send(type="turn_ended", turn=self.turn, voice_end=self.last_loud)
        text = self.script.heard.get(self.turn, f"turn {self.turn}")
        heard = {"text": text, "confidence": 0.9, "language": "en"}
        if self.turn in self.script.asks_secret:
            heard["secret"] = True
        if self.script.diagnostics:
            heard |= {"intents": [{"name": "balance", "score": 0.97}], "entities": []}
        await self.send(type="heard", turn=self.turn, **heard)
        self.start_answer(wait)

    def start_answer(self, wait: float) -> None:
        seconds = self.script.answers[min(self.turn, len(self.script.answers)) - 1]
        self.answering = asyncio.create_task(self.answer(self.turn, seconds, wait))

    async def answer(self, turn: int, seconds: float, wait: float) -> None:
        await asyncio.sleep(max(0.0, wait))
        await self.send(type="said", turn=turn, text=f"{self.script.said} {turn}")
        begin = asyncio.get_running_loop().time()
        if turn:
            self.seen.delays.append(begin - self.ended_at)
        audio = tone(seconds, self.rate)
        step = self.rate // 25
        for start in range(0, len(audio), step):
            ahead = begin + start / self.rate - asyncio.get_running_loop().time() - 0.36
            await asyncio.sleep(max(0.0, ahead))
            chunk = audio[start : start + step]
            await self.socket.send(encode(chunk, self.encoding))
            self.seen.sent_samples += len(chunk)
        extra = {"parts": {"endpointing": 300.0}} if self.script.diagnostics else {}
        await self.send(type="listening", turn=turn, action="clarify", **extra)
        if self.script.stop == "drop" and turn == 1:
            self.socket.transport.abort()
        elif self.script.stop and turn == 1:
            await self.send(type="hangup", reason=self.script.stop.removesuffix("-end"))
        elif turn and turn == self.script.goodbye_after:
            await self.send(type="hangup", reason="goodbye")

    async def send(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[tuple[str, Seen]]:
    """The server at a free port, and what it sees."""
    seen = Seen()

    async def handle(socket: ServerConnection) -> None:
        conversation = Conversation(socket, script, seen)
        try:
            await conversation.run()
        except ConnectionClosed:
            pass
        finally:
            if conversation.answering:
                conversation.answering.cancel()

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/v1/call", seen
