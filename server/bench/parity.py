"""Whether the engines say and hear the same on another device: the CPU beside CUDA.

The understander runs on the CPU everywhere: an utterance takes it milliseconds. So it is given what
the two recognisers wrote, and must make the same of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np

from nlu.understander import Understander
from nlu.understanding import Context, Understanding
from server.bench.calls import RecordedCall
from server.bench.report import Sheet
from server.replay.callers import caller_turns
from voice.pcm import Floats, to_float
from voice.recogniser import Recogniser
from voice.resampling import resample
from voice.synthesiser import Synthesiser
from voice.turns import RATE

G = TypeVar("G")
T = TypeVar("T")

CLOSE = 0.98
"""Least correlation of two waveforms that count as the same: other kernels move bits."""

SENTENCES = (
    "Welcome to Tellerline Bank.",
    "Your checking account holds $2,450.75.",
    "Shall I send $120.00 to Tom Becker on March 20?",
)


@dataclass(frozen=True, slots=True)
class Parity:
    """One thing done on both devices.

    Attributes:
        what: "speech" or "words".
        subject: The sentence, or the recording's name.
        same: Whether both did the same.
        detail: The correlation, or what each heard.
        seconds: On the first device and on the other.
    """

    what: str
    subject: str
    same: bool
    detail: str
    seconds: tuple[float, float]


def compare_speech(pair: tuple[Synthesiser, Synthesiser]) -> Iterator[Parity]:
    """Sentences spoken by both; equal in length within 1% and in shape."""
    for sentence in SENTENCES:
        (one, took), (other, other_took) = (_timed(voice.whole, sentence) for voice in pair)
        likeness = correlation(to_float(one), to_float(other))
        lengths = abs(len(one) - len(other)) <= 0.01 * len(one)
        yield Parity(
            "speech",
            sentence,
            lengths and likeness >= CLOSE,
            f"correlation {likeness:.3f}",
            (took, other_took),
        )


def compare_words(
    pair: tuple[Recogniser, Recogniser], understander: Understander, calls: Sequence[RecordedCall]
) -> Iterator[Parity]:
    """Recorded turns heard by both, and what is made of each."""
    context = Context(today=date(2026, 3, 16))
    for call in calls:
        for turn in caller_turns(call.scenario, call.folder):
            if turn.samples is None:
                continue
            samples = resample(turn.samples, call.scenario.caller.sample_rate, RATE)
            (one, took), (other, other_took) = (_timed(ear.transcribe, samples) for ear in pair)
            meant = [understander.understand(text, context) for text in (one.text, other.text)]
            same = meant[0].intent == meant[1].intent and _values(meant[0]) == _values(meant[1])
            detail = one.text if one.text == other.text else f"{one.text} | {other.text}"
            yield Parity("words", call.scenario.name, same, detail, (took, other_took))


def correlation(one: Floats, other: Floats) -> float:
    """Of two waveforms over the length of the shorter; 0 for silence."""
    length = min(len(one), len(other))
    a, b = one[:length], other[:length]
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale else 0.0


def parity_sheet(results: Sequence[Parity], devices: tuple[str, str]) -> Sheet:
    """The results as a table."""
    rows = [
        (
            each.what,
            each.subject,
            "same" if each.same else "DIFFERENT",
            each.detail,
            " / ".join(f"{1000 * seconds:.0f}" for seconds in each.seconds),
        )
        for each in results
    ]
    columns = ("what", "of", "result", "detail", f"ms on {' / '.join(devices)}")
    return Sheet("The same on both devices", columns, tuple(rows))


def _values(meant: Understanding) -> list[tuple[str, str]]:
    return [(entity.type, str(entity.value)) for entity in meant.entities]


def _timed(work: Callable[[G], T], given: G) -> tuple[T, float]:
    began = perf_counter()
    result = work(given)
    return result, perf_counter() - began


def engines_on(
    device: str, recogniser: Path, voice: Path, threads: int
) -> tuple[Recogniser, Synthesiser]:
    """Both engines on a device, warmed up.

    Raises:
        VoiceError: They cannot run there; the message says what to do.
    """
    ear = Recogniser(recogniser, device=device, threads=threads)
    mouth = Synthesiser(voice, device=device, threads=threads)
    ear.warm_up()
    mouth.warm_up()
    return ear, mouth
