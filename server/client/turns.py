"""What happened in a call, caller turn by caller turn.

The server numbers its own turns, and they need not be ours: a pause in a sentence may make two
of one, a cough none. An event belongs to the caller turn that was going on when its number
first appeared, until that number's `listening` closed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from server.client.connection import Message
from server.client.parts import AnswerMoments, latency_parts
from server.client.sound import Packet
from server.recording import TurnSpan, response_sounds, yield_latency
from voice.pcm import Samples

Kind = Literal["greeting", "speech", "keys", "silence"]


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One caller turn and the answer to it.

    Attributes:
        n: From 1; 0 is the greeting. What is said again has the number of what was answered.
        kind: What the caller did.
        label: The caller's name for it (a file's name, the words, the keys).
        heard: The words or keys that were understood, secrets masked; "" for sound without
            words, None where the server reported nothing (the greeting, silence).
        confidence, language: Of what was heard.
        intents: `{name, score}`, best first; None where the server grants no diagnostics.
        entities: `{type, value, text}`; None likewise.
        said: The sentences of the answer, secrets masked.
        action, reason: What the assistant did, and why.
        parts: Milliseconds by name that add up to the latency; empty where it is None, or the
            server grants no diagnostics, or it made more than one turn of this one.
        response_latency_ms: At the ear; None where there was no answer, or a cut-in.
        yield_ms: Of speech over an answer: until the assistant was silent; else None.
        cut_in: The answer sounded before the caller had finished.
        answered: The assistant said that it waits for the caller again.
        span: Where the turn lies in the recording.
        ends: How often the server took the caller for finished; 1 is right.
        cleared: The assistant stopped what it was saying.
        heard_at: When each part of what was heard was told, seconds of the recording.
        flows: That the answer came through.
        again: How often the caller had tried before.
        secret: It answers a question for a secret, whatever was understood of it.
    """

    n: int
    kind: Kind
    label: str
    heard: str | None
    confidence: float | None
    language: str | None
    intents: tuple[Mapping[str, Any], ...] | None
    entities: tuple[Mapping[str, Any], ...] | None
    said: tuple[str, ...]
    action: str | None
    reason: str | None
    parts: Mapping[str, float]
    response_latency_ms: float | None
    yield_ms: float | None
    cut_in: bool
    answered: bool
    span: TurnSpan
    ends: int = 0
    cleared: bool = False
    heard_at: tuple[float, ...] = ()
    flows: tuple[str, ...] = ()
    again: int = 0
    secret: bool = False


@dataclass(slots=True)
class OpenTurn:
    """A turn that is going on; positions in samples of the call."""

    n: int
    kind: Kind
    label: str
    began: int
    until: int
    again: int = 0
    secret: bool = False
    answer_from: int | None = None
    last_event: int = 0
    pending: bool = False
    answered: bool = False
    cleared: bool = False
    stopped: bool = False
    told_at: list[int] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    listening: Message = field(default_factory=dict)
    voice_ends: dict[int, int] = field(default_factory=dict)
    _was_answered: bool = False

    def take(self, message: Message, position: int, plays_at: int) -> None:
        """Note an event of this turn."""
        self.last_event = position
        if message["type"] == "heard" and message.get("text"):
            self.told_at.append(position)
        match message["type"]:
            case "turn_started":
                self._was_answered, self.cleared = self.answered, False
                self.pending, self.answered = True, False
            case "turn_ended":
                self.voice_ends[message["turn"]] = int(message.get("voice_end", 0))
            case "heard":
                self._heard(message)
            case "said":
                self._said(message, plays_at)
            case "listening":
                self.pending, self.answered = False, True
                self.listening = message

    def _heard(self, message: Message) -> None:
        """Sound without words is answered only where it cut an answer off."""
        self.heard.append(message)
        if not message.get("text"):
            self.pending, self.answered = False, self._was_answered and not self.cleared

    def _said(self, message: Message, plays_at: int) -> None:
        if message.get("interrupted"):  # tells what was heard of it; no audio follows
            return
        text = str(message.get("text", ""))
        self.pending = True
        if not (message.get("again") and text in self.said):
            self.said.append(text)
        if self.answer_from is None:
            self.answer_from = plays_at

    @property
    def action(self) -> str | None:
        """What the assistant did, where it has told it."""
        return self.listening.get("action") or _action(self.heard)

    @property
    def span(self) -> TurnSpan:
        """Where the turn lies; empty for a turn that made no sound of its own."""
        began = self.began if self.kind == "speech" else self.until
        return TurnSpan(began, self.until, self.answer_from)

    def record(
        self,
        stereo: Samples,
        sample_rate: int,
        first_audio: Packet | None = None,
        began_at: float | None = None,
    ) -> TurnRecord:
        """The turn as it stands, measured in the recording so far.

        Args:
            stereo: The recording.
            sample_rate: Hz.
            first_audio: Of the answer, as it was received.
            began_at: When the call began on the server's monotonic clock, where we share it.
        """
        found = response_sounds(stereo, sample_rate, self.span) if self._measurable else None
        latency = None if found is None else (found[1] - found[0]) / sample_rate
        over = yield_latency(stereo, sample_rate, self.span) if self.kind == "speech" else None
        return TurnRecord(
            n=self.n,
            kind=self.kind,
            label=self.label,
            heard=" ".join(m.get("text", "") for m in self.heard).strip() if self.heard else None,
            confidence=min(
                (m["confidence"] for m in self.heard if "confidence" in m), default=None
            ),
            language=self.heard[-1].get("language") if self.heard else None,
            intents=_last(self.heard, "intents"),
            entities=_all(self.heard, "entities"),
            said=tuple(self.said),
            action=self.action,
            reason=self.listening.get("reason"),
            parts=self._parts(found, sample_rate, first_audio, began_at),
            response_latency_ms=None if latency is None or latency < 0 else round(latency * 1e3, 1),
            yield_ms=None if over is None else round(over * 1e3, 1),
            cut_in=latency is not None and latency < 0,
            answered=self.answered,
            span=self.span,
            ends=sum(end > 0 for end in self.voice_ends.values()),
            cleared=self.stopped,
            flows=tuple(self.listening.get("flows", ())),
            heard_at=tuple(at / sample_rate for at in self.told_at),
            again=self.again,
            secret=self.secret,
        )

    def _parts(
        self,
        found: tuple[int, int] | None,
        sample_rate: int,
        first_audio: Packet | None,
        began_at: float | None,
    ) -> Mapping[str, float]:
        server = self.listening.get("parts")
        if found is None or found[1] < found[0] or not server or not first_audio:
            return {}
        if len(self.voice_ends) > 1:
            return {}
        spoken_until, sounded = found
        voice_end = self.voice_ends.get(self.listening["turn"], spoken_until)
        moments = (spoken_until, voice_end, first_audio.arrived, first_audio.start, sounded)
        clock = self.listening.get("clock")
        shared = None
        if clock and began_at is not None:
            shared = (clock[0] - began_at, clock[1] - began_at)
        return latency_parts(AnswerMoments(*(m / sample_rate for m in moments)), server, shared)

    @property
    def _measurable(self) -> bool:
        """The greeting and silence have no end of speech to count from."""
        return self.kind in ("speech", "keys")


class TurnLog:
    """Gives each event to the caller turn that it belongs to."""

    def __init__(self) -> None:
        self.turns: list[OpenTurn] = [OpenTurn(0, "greeting", "greeting", 0, 0)]
        self._owner: dict[int, OpenTurn] = {}
        self._closed: set[int] = set()
        self._asks_secret = False

    @property
    def current(self) -> OpenTurn:
        """The caller turn that is going on."""
        return self.turns[-1]

    def begin(self, kind: Kind, label: str, position: int, *, again: bool = False) -> OpenTurn:
        """The caller's next turn begins at a sample of the call, or another try at the last one."""
        n, tried = self.current.n + (not again), self.current.again + 1 if again else 0
        secret = self._asks_secret
        self.turns.append(OpenTurn(n, kind, label, position, position, tried, secret))
        return self.current

    def take(self, message: Message, position: int, plays_at: int) -> None:
        """Note an event.

        Args:
            message: As it came.
            position: The sample of the call at which it came.
            plays_at: Where audio that comes next would play.
        """
        if message["type"] == "clear":
            self.current.cleared = self.current.stopped = True
        number = message.get("turn")
        if not isinstance(number, int):
            return
        if number in self._closed and not message.get("interrupted"):
            self._closed.discard(number)
            self._owner[number] = self.current
        turn = self._owner.setdefault(number, self.current)
        turn.take(message, position, plays_at)
        if message["type"] == "heard":
            turn.secret |= self._asks_secret
            self._asks_secret = bool(message.get("secret"))
        if message["type"] == "listening":
            self._closed.add(number)


def _action(heard: list[Message]) -> str | None:
    """What was done by an answer that was spoken over, where the server tells it early."""
    return next((str(m["action"]) for m in reversed(heard) if m.get("action")), None)


def _last(heard: list[Message], name: str) -> tuple[Mapping[str, Any], ...] | None:
    given = [message[name] for message in heard if message.get(name) is not None]
    return tuple(given[-1]) if given else None


def _all(heard: list[Message], name: str) -> tuple[Mapping[str, Any], ...] | None:
    given = [message[name] for message in heard if message.get(name) is not None]
    return tuple(item for items in given for item in items) if given else None
