"""A caller that plays prepared turns in real time over the websocket, and records the call.

It behaves as a person on a phone: its microphone is never closed, it listens to the end of an
answer, takes a breath (300 to 600 ms) and goes on; it speaks over an answer only where it is
told to.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import urlsplit

import numpy as np

from server.client.connection import (
    LOOPBACK,
    CallClient,
    Ended,
    Hello,
    Message,
    Socket,
    dialled,
)
from server.client.sound import PacedMicrophone, PacedSpeaker, SampleClock, Sound, echo_of
from server.client.turns import Kind, OpenTurn, TurnLog, TurnRecord
from server.recording import stereo_of
from voice.codecs import Encoding
from voice.pcm import Samples

Dial = Callable[[str, Hello], AbstractAsyncContextManager[tuple[Socket, Message]]]
"""Opens a line to a url and says hello; gives the line and the server's `ready`."""

KEY_SPACING = 0.1
BREATH = (0.3, 0.6)
GRID = 8
"""Frames of 20 ms (160 ms) in which as many whole windows of a voice detector (32 ms) fit: words
that begin at the same place of it give a recogniser the same samples, however late it is."""
ECHO_DELAY = 0.1
"""Seconds from the speaker back into the microphone."""
LAST_WAIT = 0.6
"""Seconds after the last answer in which the assistant may still hang up itself."""


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """One thing the caller does.

    Attributes:
        samples: What is said, int16 at the wire's rate.
        keys: Keys pressed one after another, 100 ms apart; they may be a PIN. Or what looks them
            up (blocking) when they are to be pressed.
        silence: Seconds of saying nothing.
        pause: Seconds from the answer's end until it begins, and up to 0.14 more (`GRID`); None
            takes a breath.
        barge_in: Begin this many seconds after the answer before has begun to sound, instead
            of after its end.
        hang_up: Hang up after this without waiting for an answer.
        label: What to call the turn in records: a file's name, the words.
    """

    samples: Samples | None = field(default=None, repr=False)
    keys: str | Callable[[], str] | None = field(default=None, repr=False)
    silence: float | None = None
    barge_in: float | None = None
    hang_up: bool = False
    label: str = ""
    pause: float | None = None

    def __post_init__(self) -> None:
        if sum(x is not None for x in (self.samples, self.keys, self.silence)) != 1:
            raise ValueError("a caller turn has exactly one of samples, keys and silence")

    @property
    def sound(self) -> Samples:
        """What is said; nothing where nobody speaks."""
        return np.zeros(0, np.int16) if self.samples is None else self.samples

    @property
    def kind(self) -> Kind:
        """What the caller does."""
        if self.samples is not None:
            return "speech"
        return "keys" if self.keys is not None else "silence"


Insist = Callable[[OpenTurn], CallerTurn | Literal["hang up"] | None]
"""What a caller does about an answer before they go on: None where it is what they wanted, else
what they say about it, or they give up. Answers that they speak over are not listened to."""


class Improviser(Protocol):
    """A caller that makes up what to do next."""

    @property
    def impatient(self) -> bool:
        """Whether they are asked as soon as it is known what is answered, not when all of it is."""

    def next_turn(self, answered: OpenTurn) -> CallerTurn | None:
        """What to do after an answer; None hangs up."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """A message of the server's; at: seconds since the call began."""

    at: float
    message: Message


@dataclass(frozen=True, slots=True)
class CallLog:
    """A call that is over.

    Attributes:
        call: The server's id of the call.
        sample_rate: Of the wire and of the recording, Hz.
        events: All JSON messages in the order of arrival.
        stereo: int16, shape (samples, 2): caller left, assistant right, one clock.
        turns: The greeting (n = 0) and one record per caller turn that was begun.
        ended: How the call ended; "timeout" where the caller hung up and a turn was unanswered.
        problem: The server's last error message, where there was one.
        gaps: Where the speaker had nothing to play between two pieces of audio, in samples.
        worst_lateness: Seconds that the microphone was late at worst; above some 20 ms this
            machine was too busy for its figures to be trusted.
        began_at: When the recording begins, by the event loop's clock.
    """

    call: str
    sample_rate: int
    events: tuple[ReceivedEvent, ...]
    stereo: Samples = field(repr=False)
    turns: tuple[TurnRecord, ...]
    ended: Ended
    problem: str | None
    gaps: tuple[tuple[int, int], ...]
    worst_lateness: float
    began_at: float = 0.0


def _ignore(_: object) -> None:
    """Nobody watches."""


async def place_call(
    url: str,
    turns: Sequence[CallerTurn] | Improviser,
    *,
    sample_rate: int = 16000,
    encoding: Encoding = "pcm16",
    language: str = "en",
    caller_id: str | None = None,
    token: str | None = None,
    on_event: Callable[[Message], None] = _ignore,
    on_turn: Callable[[TurnRecord], None] = _ignore,
    turn_timeout: float = 30.0,
    seed: int = 1,
    echo: float | None = None,
    echo_delay: float = ECHO_DELAY,
    dial: Dial = dialled,
    background: Sound | None = None,
    insist: Insist | None = None,
) -> CallLog:
    """Make one call and play the turns in it, in real time.

    Args:
        url: `ws://` or `wss://` of the server's `/v1/call`.
        turns: What the caller does, in order; the call ends after them. Or somebody who is
            asked for each turn as the answer before it has been told.
        sample_rate: Of the wire, 8000 or 16000 Hz; the turns' samples have it already.
        encoding: Of the wire.
        language: That the caller speaks.
        caller_id: The number that the network would show.
        token: Needed off loopback.
        on_event: Called with every message as it comes.
        on_turn: Called with every turn's record as soon as the turn is over.
        turn_timeout: Seconds without a sign of an answer after which the caller goes on.
        seed: Of the breaths between turns.
        echo: Decibels (below 0) at which the assistant's own sound leaks into the microphone.
        echo_delay: Seconds that it is late.
        dial: Opens the line.
        background: What sounds around the caller all the time, at the wire's rate.
        insist: Asked after each answer to prepared turns whether the caller goes on.

    Raises:
        CallError: No call came about.
    """
    hello = Hello(sample_rate, encoding, language, caller_id, token)
    async with dial(url, hello) as (socket, ready):
        local = urlsplit(url).hostname in LOOPBACK
        rng = random.Random(seed)  # noqa: S311
        call = _Call(sample_rate, on_event, on_turn, turn_timeout, rng, local=local)
        call.surround(echo, echo_delay, background)
        client = CallClient(socket, encoding, call.microphone, call.speaker, call.note)
        call.clock.start()
        if isinstance(turns, Sequence):
            script = call.play(client, turns, insist)
        else:
            script = call.improvise(client, turns)
        ended = await _until_over(client, script)
        return call.log(str(ready.get("call", "")), ended)


async def _until_over(client: CallClient, script: "asyncio._CoroutineLike[None]") -> Ended:
    """The script ends the call, or the call's end stops the script."""
    running, playing = asyncio.create_task(client.run()), asyncio.create_task(script)
    try:
        await asyncio.wait({running, playing}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
        return await running
    finally:
        for task in (running, playing):
            task.cancel()
        await asyncio.gather(running, playing, return_exceptions=True)


class _Call:
    """The caller's side of one call while it goes on."""

    def __init__(
        self,
        sample_rate: int,
        on_event: Callable[[Message], None],
        on_turn: Callable[[TurnRecord], None],
        turn_timeout: float,
        rng: random.Random,
        *,
        local: bool,
    ) -> None:
        self._local = local
        self.clock = SampleClock(sample_rate)
        self.speaker = PacedSpeaker(self.clock)
        self.microphone = PacedMicrophone(self.clock)
        self._turn_log = TurnLog()
        self._events: list[ReceivedEvent] = []
        self._records: list[TurnRecord] = []
        self._problem: str | None = None
        self._on_event, self._on_turn = on_event, on_turn
        self._timeout, self._rng = self._samples(turn_timeout), rng

    def surround(self, echo: float | None, delay: float, background: Sound | None) -> None:
        """What the microphone picks up beside the caller."""
        if echo is not None:
            samples = int(delay * self.clock.sample_rate)
            self.microphone.leaks.append(echo_of(self.speaker, samples, echo))
        if background is not None:
            self.microphone.leaks.append(background)

    def note(self, message: Message) -> None:
        """A message has come."""
        position = self.clock.position()
        self._events.append(ReceivedEvent(position / self.clock.sample_rate, message))
        if message["type"] == "error":
            self._problem = f"{message.get('code')}: {message.get('message')}"
        self._turn_log.take(message, position, self.speaker.end)
        self._on_event(message)

    async def play(
        self, client: CallClient, turns: Sequence[CallerTurn], insist: Insist | None
    ) -> None:
        """Play the turns, then hang up."""
        for n, turn in enumerate(turns, 1):
            await self._wait_for_the_moment(client, turn)
            await self._do(client, turn)
            spoken_over = n < len(turns) and turns[n].barge_in is not None
            listens = insist is not None and not turn.hang_up and not spoken_over
            if turn.hang_up:
                await client.hang_up()
                return
            if listens and insist and await self._insist(client, insist):
                await client.hang_up("gave up")
                return
        await self._wait_for_answer(client)
        await self._pass(client, LAST_WAIT)
        spoken = [t for t in self._turn_log.turns if t.kind in ("speech", "keys")]
        interrupted = {i for i, turn in enumerate(turns, 1) if turn.barge_in is not None}
        unanswered = [t for t in spoken if not t.answered and t.n + 1 not in interrupted]
        await client.hang_up("timeout" if unanswered else "hangup")

    async def _insist(self, client: CallClient, insist: Insist) -> bool:
        """Say again what was not answered as it should be; whether the caller gives up."""
        while True:
            await self._wait_for_answer(client)
            turn = await asyncio.to_thread(insist, self._turn_log.current)
            if not isinstance(turn, CallerTurn):
                return turn is not None
            await self._wait_for_the_moment(client, turn)
            await self._do(client, turn, again=True)

    async def improvise(self, client: CallClient, caller: Improviser) -> None:
        """Ask for each turn when the answer before it is known, then hang up."""
        while True:
            current = self._turn_log.current
            while not self._is_known(current) and not self._timed_out(current):
                if caller.impatient and current.answer_from is not None:
                    break
                await client.frame()
            turn = caller.next_turn(current)
            if turn is None:
                await self._wait_for_answer(client)
                await client.hang_up()
                return
            await self._wait_for_the_moment(client, turn)
            await self._do(client, turn)

    @staticmethod
    def _is_known(turn: OpenTurn) -> bool:
        """All of the answer has come, though it may still be playing."""
        return not turn.pending if turn.kind == "silence" else turn.answered

    def log(self, call: str, ended: Ended) -> CallLog:
        """The whole call, after its end; what is unplayed now is never heard."""
        self.speaker.clear()
        self._finish(len(self._turn_log.turns))
        return CallLog(
            call=call,
            sample_rate=self.clock.sample_rate,
            events=tuple(self._events),
            stereo=self._stereo(),
            turns=tuple(self._records),
            ended=ended,
            problem=self._problem,
            gaps=self.speaker.gaps(),
            worst_lateness=self.microphone.worst_lateness,
            began_at=self.clock.began_at,
        )

    async def _wait_for_the_moment(self, client: CallClient, turn: CallerTurn) -> None:
        if turn.barge_in is None:
            await self._wait_for_answer(client)
            breath = self._rng.uniform(*BREATH)
            await self._pass(client, breath if turn.pause is None else turn.pause)
            await self._fall_in(client, self._rng.randrange(GRID))
            return
        before, after = self._turn_log.current, self._samples(turn.barge_in)
        while not self._has_sounded(before, after) and not self._timed_out(before):
            await client.frame()

    async def _fall_in(self, client: CallClient, place: int) -> None:
        """Until the next frame has this place in the grid."""
        while self.microphone.next_frame % GRID != place:
            await client.frame()

    async def _do(self, client: CallClient, turn: CallerTurn, *, again: bool = False) -> None:
        position = self.clock.position()
        current = self._turn_log.begin(turn.kind, turn.label, position, again=again)
        if turn.samples is not None:
            current.began, current.until = self.microphone.say(turn.samples)
            while self.microphone.speaking:
                await client.frame()
        elif turn.keys is not None:
            keys = turn.keys if isinstance(turn.keys, str) else await asyncio.to_thread(turn.keys)
            for key in keys:
                await client.press(key)
                current.until = self.clock.position()
                await self._pass(client, KEY_SPACING)
        else:
            await self._pass(client, turn.silence or 0.0)
            current.until = self.clock.position()
        self._finish(len(self._turn_log.turns) - 1)

    async def _wait_for_answer(self, client: CallClient) -> None:
        """Until the current turn is answered and the answer has been played, or too long."""
        current = self._turn_log.current
        while not self._is_over(current) and not self._timed_out(current):
            await client.frame()
        self._finish(len(self._turn_log.turns))

    def _is_over(self, turn: OpenTurn) -> bool:
        return self._is_known(turn) and not self.speaker.playing

    def _timed_out(self, turn: OpenTurn) -> bool:
        alive = max(turn.until, turn.last_event, self.speaker.end if self.speaker.playing else 0)
        return self.clock.position() - alive > self._timeout

    def _has_sounded(self, turn: OpenTurn, after: int) -> bool:
        if turn.answer_from is None:
            return False
        sound = self.speaker.first_sound(turn.answer_from)
        return sound is not None and self.clock.position() >= sound + after

    async def _pass(self, client: CallClient, seconds: float) -> None:
        until = self.clock.position() + self._samples(seconds)
        while self.clock.position() < until:
            await client.frame()

    def _finish(self, count: int) -> None:
        """The first `count` turns are over: measure them and tell."""
        for turn in self._turn_log.turns[len(self._records) : count]:
            self._records.append(self._record(turn))
            self._on_turn(self._records[-1])

    def _record(self, turn: OpenTurn) -> TurnRecord:
        """The server's clock is ours where it runs on this machine."""
        due = turn.answer_from
        first_audio = None if due is None else self.speaker.packet_from(due)
        began_at = self.clock.began_at if self._local else None
        return turn.record(self._stereo(), self.clock.sample_rate, first_audio, began_at)

    def _stereo(self) -> Samples:
        return stereo_of(self.microphone.recording(), self.speaker.recording())

    def _samples(self, seconds: float) -> int:
        return int(seconds * self.clock.sample_rate)
