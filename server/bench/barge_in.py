"""Callers and noises over the answer: how soon it yields to the first, whether it ignores the rest.

Every trial is a call of its own: the caller speaks, or makes a sound, at a seeded moment of the
greeting, and everything is read from the stereo recording.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.bench.calls import RecordedCall
from server.bench.interruptions import Interruption, interruption, onset_of
from server.bench.report import Report, Sheet, cell, p50_p95, percentile, percentiles, share
from server.bench.sounds import make_sound
from server.caller import CallerTurn, CallLog, place_call
from server.replay.run import caller_turns
from voice.codecs import Encoding
from voice.pcm import Samples

SPEECH, ECHO = "speech", "own echo at -20 dB"
SOUNDS = ("cough", "typing", "mm-hm")
NOISES = (*SOUNDS, ECHO)
ECHO_DB = -20.0
OFFSETS = (0.5, 3.0)
"""Seconds into the greeting, which lasts about seven."""

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


async def attempt(trial: Trial, url: str) -> Outcome:
    """One call in which the trial happens."""
    quiet = np.zeros(int(AFTERWARDS * trial.sample_rate), np.int16)
    samples = np.concatenate((trial.samples, quiet))
    log = await place_call(
        url,
        [CallerTurn(samples=samples, barge_in=trial.offset, hang_up=True, label=trial.kind)],
        sample_rate=trial.sample_rate,
        encoding=trial.encoding,
        echo=ECHO_DB if trial.kind == ECHO else None,
    )
    return outcome(trial, log)


def outcome(trial: Trial, log: CallLog) -> Outcome:
    """Read a trial's call."""
    began = log.turns[-1].span.began
    until = began + len(trial.samples)
    onset: int | None = began
    if trial.kind != ECHO:
        onset = onset_of(log.stereo[:, 0], log.sample_rate, began, until)
    if onset is None:
        return Outcome(trial.kind, None, None, words=False)
    last = until if trial.kind == SPEECH else None
    heard = interruption(log.stereo[:, 1], log.sample_rate, onset, last)
    at = onset / log.sample_rate
    after = [e for e in log.events if e.at > at]
    clears = [e.at - at for e in after if e.message["type"] == "clear"]
    decided = clears[0] if clears else None
    if trial.kind != SPEECH and heard is not None:
        decided = heard.back or 0.0
    words = any(e.message["type"] == "heard" and e.message.get("text") for e in after)
    return Outcome(trial.kind, heard, decided, words)


async def measure_barge_in(
    trials: Sequence[Trial], url: str, on_trial: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Make all calls, one after another."""
    outcomes = []
    for trial in trials:
        outcomes.append(await attempt(trial, url))
        on_trial()
    return outcomes


def barge_in_report(outcomes: Sequence[Outcome]) -> Report:
    """The figures of a run; trials into a silence are told and not counted."""
    counted = [each for each in outcomes if each.heard is not None]
    speech = [each for each in counted if each.kind == SPEECH]
    ducked = tuple(
        round(1000 * each.heard.ducked, 1)
        for each in speech
        if each.heard is not None and each.heard.ducked is not None
    )
    decided = [1000 * each.decided for each in speech if each.decided is not None]
    kinds = {kind: [e for e in counted if e.kind == kind] for kind in NOISES}
    ignored = {kind: sum(e.ignored for e in found) for kind, found in kinds.items()}
    noises = sum(map(len, kinds.values()))
    yielded = sum(each.yielded for each in speech)
    rows = [
        ("ducked by 20 dB after the onset", f"{p50_p95(ducked)} ms"),
        ("answer dropped after the onset", f"{p50_p95(decided)} ms"),
        ("yielded to speech", share(yielded, len(speech))),
        *((f"ignored: {kind}", share(ignored[kind], len(found))) for kind, found in kinds.items()),
        ("ignored: all noises", share(sum(ignored.values()), noises)),
    ]
    silent = len(outcomes) - len(counted)
    more: dict[str, Any] = {
        "decided": percentiles(decided),
        "yield_rate": round(yielded / len(speech), 4) if speech else None,
        "selectivity": round(sum(ignored.values()) / noises, 4) if noises else None,
        "ignored": {k: {"n": len(found), "ignored": ignored[k]} for k, found in kinds.items()},
        "into_silence": silent,
    }
    parts = {"onset_to_ducked": percentile(ducked, 50) or 0.0}
    return Report(
        bench="barge-in",
        ours=ducked,
        parts=(parts,) * len(ducked),
        more=more,
        sheets=(Sheet("Speaking over the answer", ("what", "p50 / p95 or share"), tuple(rows)),),
        notes=(f"{cell(silent)} trials fell into a silence and were not counted",)
        if silent
        else (),
        series={"onset to ducked": ducked, "onset to dropped": decided},
    )
