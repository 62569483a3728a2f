"""Callers and noises over the answer: how soon it yields to the first, whether it ignores the rest.

Every trial is a call of its own: the caller speaks, or makes a sound, at a seeded moment of the
greeting, and everything is read from the stereo recording.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from server.bench.calls import RecordedCall
from server.bench.hosted import Line
from server.bench.interruptions import Interruption, interruption, onset_of
from server.bench.peer import Peer
from server.bench.peer_wire import RATE
from server.bench.sounds import make_sound
from server.caller import CallerTurn, CallLog, place_call
from server.replay.callers import caller_turns
from voice.codecs import Encoding
from voice.pcm import Samples
from voice.resampling import resample

SPEECH, ECHO = "speech", "own echo at -20 dB"
SOUNDS = ("cough", "typing", "mm-hm")
NOISES = (*SOUNDS, ECHO)
ECHO_DB = -20.0
OFFSETS = (0.5, 3.0)
"""Seconds into the greeting, which lasts about seven."""

LONG_REPLY = (
    "Welcome to Tellerline Bank, I am an automated assistant, and this call may be recorded,"
    " so please tell me in your own words how I can help you today."
)
"""What the peer is given to say, as long as our greeting and in one sentence."""

YIELD_WITHIN = 1.0
"""Seconds from the onset in which an answer must have fallen silent to have yielded."""

AFTERWARDS = 4.0
"""Seconds that the caller stays silent after a noise: time to resume."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that a caller does over an answer.

    Attributes:
        kind: `SPEECH` or one of `NOISES`.
        samples: int16 at the wire's rate.
        sample_rate, encoding: Of the wire.
        offset: Seconds into the answer.
    """

    kind: str
    samples: Samples
    sample_rate: int
    encoding: Encoding
    offset: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial did; seconds from the onset.

    Attributes:
        kind: As the trial's.
        heard: The assistant's answer around it; None where it was silent already.
        decided: When it was told that the answer is over, or it came back.
        words: Whether words were heard in it.
    """

    kind: str
    heard: Interruption | None
    decided: float | None
    words: bool

    @property
    def yielded(self) -> bool:
        """The answer was silent soon and stayed so."""
        stopped = self.heard is not None and not self.heard.went_on
        return stopped and (self.heard.ducked or 0.0) <= YIELD_WITHIN  # type: ignore[union-attr]

    @property
    def ignored(self) -> bool:
        """The answer went on, or came back, and nothing was made of it."""
        return self.heard is not None and self.heard.went_on and not self.words


def trials(calls: Sequence[RecordedCall], count: int, seed: int) -> list[Trial]:
    """As many barge-ins by speech, and as many of all noises together, in turns."""
    rng = random.Random(seed)  # noqa: S311
    made = []
    for n in range(count):
        call = calls[n % len(calls)]
        wire = (call.scenario.caller.sample_rate, call.scenario.caller.encoding)
        spoken = [t.samples for t in caller_turns(call.scenario, call.folder)]
        said = next(samples for samples in spoken if samples is not None)
        made.append(Trial(SPEECH, said, *wire, rng.uniform(*OFFSETS)))
        kind = NOISES[n % len(NOISES)]
        noise = np.zeros(0, np.int16) if kind == ECHO else make_sound(kind, wire[0], seed + n)
        made.append(Trial(kind, noise, *wire, rng.uniform(*OFFSETS)))
    return made


async def attempt(trial: Trial, line: Line) -> Outcome:
    """One call in which the trial happens."""
    quiet = np.zeros(int(AFTERWARDS * trial.sample_rate), np.int16)
    samples = np.concatenate((trial.samples, quiet))
    log = await place_call(
        line.url,
        [CallerTurn(samples=samples, barge_in=trial.offset, hang_up=True, label=trial.kind)],
        dial=line.dial,
        sample_rate=trial.sample_rate,
        encoding=trial.encoding,
        echo=ECHO_DB if trial.kind == ECHO else None,
    )
    return outcome(trial, log)


def outcome(trial: Trial, log: CallLog) -> Outcome:
    """Read a trial's call."""
    began = log.turns[-1].span.began
    after = [e for e in log.events if e.at > began / log.sample_rate]
    clears = [e.at for e in after if e.message["type"] == "clear"]
    words = any(e.message["type"] == "heard" and e.message.get("text") for e in after)
    place = (began, began + len(trial.samples))
    return read_outcome(trial.kind, log.stereo, log.sample_rate, place, clears, words=words)


def read_outcome(
    kind: str,
    stereo: Samples,
    sample_rate: int,
    place: tuple[int, int],
    clears: Sequence[float],
    *,
    words: bool,
) -> Outcome:
    """What was done by a sound over an answer.

    Args:
        kind: Of the trial.
        stereo: int16 of shape (samples, 2): caller left, assistant right.
        sample_rate: Hz.
        place: Of the sound: its first sample, and one past the last.
        clears: Seconds in the recording at which the client was told to drop what is buffered.
        words: Whether words were heard in it.
    """
    began, until = place
    onset = began if kind == ECHO else onset_of(stereo[:, 0], sample_rate, began, until)
    if onset is None:
        return Outcome(kind, None, None, words=False)
    last = until if kind == SPEECH else None
    heard = interruption(stereo[:, 1], sample_rate, onset, last)
    dropped = [at - onset / sample_rate for at in clears if at > onset / sample_rate]
    decided = dropped[0] if dropped else None
    if kind != SPEECH and heard is not None:
        decided = heard.back or 0.0
    return Outcome(kind, heard, decided, words)


async def attempt_with_peer(trial: Trial, peer: Peer, asked: Samples) -> Outcome | None:
    """The same trial over an answer of the peer's; None where no answer came.

    Args:
        trial: What is spoken over it.
        peer: Warmed up.
        asked: What the caller says first, int16 at 16 kHz.
    """
    sound = resample(trial.samples, trial.sample_rate, RATE)
    over = np.concatenate((sound, np.zeros(int(AFTERWARDS * RATE), np.int16)))
    echo = ECHO_DB if trial.kind == ECHO else None
    told = await peer.speak_over((asked, LONG_REPLY), over, trial.offset, echo)
    if told is None:
        return None
    place = (told.began, told.began + len(sound))
    words = told.turns > 0
    return read_outcome(trial.kind, told.stereo, RATE, place, told.interrupted, words=words)


async def measure_barge_in(
    trials: Sequence[Trial],
    line: Line,
    on_trial: Callable[[], None] = lambda: None,
    *,
    peer: Peer | None = None,
    asked: Samples | None = None,
) -> tuple[list[Outcome], list[Outcome]]:
    """Make all trials, one after another, each with ours and then with the peer.

    Args:
        trials: What is spoken over answers.
        line: To our server.
        on_trial: Told after each.
        peer, asked: See `attempt_with_peer`; without them only ours is measured.
    """
    ours: list[Outcome] = []
    theirs: list[Outcome] = []
    for trial in trials:
        ours.append(await attempt(trial, line))
        if peer is not None and asked is not None:
            did = await attempt_with_peer(trial, peer, asked)
            theirs += [did] if did else []
        on_trial()
    return ours, theirs
