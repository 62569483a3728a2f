"""The stereo recording of a call, and the response latency that a caller feels in it.

Left is the caller, right is the assistant, both on the client's clock:

    left   ~~~~~~~~~~|                          the caller's last sound
    right            |<-- response latency -->|~~~~~~~~   the answer's first sound

A sound is a sample above `LEVEL` of full scale; in a recording with background noise the
caller's own noise floor raises the level, which errs towards a longer latency, never a shorter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.pcm import Samples, write_wav

LEVEL = 0.01
FULL_SCALE = 32768
NOISE_WINDOW = 0.05
NOISE_PEAKS = 4.5
TIMELINE_MARKS = " .:-=+*#%@"


@dataclass(frozen=True, slots=True)
class TurnSpan:
    """Where one caller turn lies in the recording, in samples.

    Attributes:
        began: The first sample of the caller's turn.
        until: One past its last sample.
        answer_from: Where the audio of its answer was due to play; None without an answer.
    """

    began: int
    until: int
    answer_from: int | None


def sounds(samples: Samples, level: float = LEVEL) -> npt.NDArray[np.intp]:
    """Indices of the samples above a level.

    Args:
        samples: Mono int16.
        level: Share of full scale, 0 to 1.
    """
    return np.flatnonzero(np.abs(samples.astype(np.int32)) > level * FULL_SCALE)


def speech_level(samples: Samples, sample_rate: int) -> float:
    """The level above which a caller's sample is speech, as a share of full scale.

    It is `LEVEL`, or the peaks of the recording's own noise where those are higher: 4.5 times
    the RMS of its quietest 50 ms, but at most half of the recording's peak.
    """
    window = max(1, int(NOISE_WINDOW * sample_rate))
    if len(samples) < 2 * window:
        return LEVEL
    whole = samples[: len(samples) // window * window].astype(np.float64) / FULL_SCALE
    floor = float(np.sqrt(np.mean(whole.reshape(-1, window) ** 2, axis=1)).min())
    return max(LEVEL, min(NOISE_PEAKS * floor, 0.5 * float(np.abs(whole).max())))


def response_sounds(stereo: Samples, sample_rate: int, span: TurnSpan) -> tuple[int, int] | None:
    """The end of the caller's last sound and the first sound of the answer, in samples.

    Args:
        stereo: int16 of shape (samples, 2): caller left, assistant right.
        sample_rate: Hz.
        span: Where the turn lies. A turn without a sound of its own (keys) counts from its end:
            give it an empty span.

    Returns:
        None where the caller made no sound or no answer sounded.
    """
    if span.answer_from is None:
        return None
    spoken_until = span.until
    if span.until > span.began:
        left = stereo[span.began : span.until, 0]
        loud = sounds(left, speech_level(left, sample_rate))
        if not len(loud):
            return None
        spoken_until = span.began + int(loud[-1]) + 1
    answer = sounds(stereo[span.answer_from :, 1])
    return (spoken_until, span.answer_from + int(answer[0])) if len(answer) else None


def response_latency(stereo: Samples, sample_rate: int, span: TurnSpan) -> float | None:
    """Seconds from the end of the caller's speech to the first sound of the answer.

    Returns:
        The latency; below zero where the assistant cut into the caller's words; None as for
        `response_sounds`, which tells the arguments.
    """
    found = response_sounds(stereo, sample_rate, span)
    return None if found is None else (found[1] - found[0]) / sample_rate


def yield_latency(stereo: Samples, sample_rate: int, span: TurnSpan) -> float | None:
    """Seconds from the caller's first sound to the last sound of the answer spoken over.

    Returns:
        None where the assistant was silent when the caller began; the whole turn's length
        where it never stopped.
    """
    left = stereo[span.began : span.until, 0]
    loud = sounds(left, speech_level(left, sample_rate))
    if not len(loud):
        return None
    began = span.began + int(loud[0])
    stop = span.until if span.answer_from is None else min(span.until, span.answer_from)
    over = sounds(stereo[began:stop, 1])
    return (int(over[-1]) + 1) / sample_rate if len(over) else None


def swapped(stereo: Samples, spans: Sequence[TurnSpan]) -> bool:
    """Whether the sides are the wrong way round: in each turn there is sound on the assistant's
    side, in some of them none on the caller's, and the caller's sounds in each answer instead."""
    spoken = [stereo[span.began : span.until] for span in spans if span.until > span.began]
    left, right = ([len(sounds(turn[:, side])) > 0 for turn in spoken] for side in (0, 1))
    answers = [answer[:, 0] for answer in _answers(stereo, spans) if len(sounds(answer))]
    answered = bool(answers) and all(len(sounds(answer)) for answer in answers)
    return not all(left) and all(right) and answered


def _answers(stereo: Samples, spans: Sequence[TurnSpan]) -> list[Samples]:
    """Both sides from where an answer was due, and the caller was done, to the next turn."""
    ends = [*(span.began for span in spans[1:]), len(stereo)]
    return [
        stereo[max(span.answer_from, span.until) : end]
        for span, end in zip(spans, ends, strict=True)
        if span.answer_from is not None
    ]


def stereo_of(left: Samples, right: Samples) -> Samples:
    """Two mono channels as one array of shape (samples, 2), the shorter padded with silence."""
    stereo = np.zeros((max(len(left), len(right)), 2), np.int16)
    stereo[: len(left), 0] = left
    stereo[: len(right), 1] = right
    return stereo


def without_caller(stereo: Samples, spans: Iterable[TurnSpan]) -> Samples:
    """The recording with silence in place of the caller's sound in some turns."""
    kept = stereo.copy()
    for span in spans:
        kept[span.began : span.until, 0] = 0
    return kept


def write_stereo(path: Path, stereo: Samples, sample_rate: int) -> None:
    """Write the recording as a 16-bit stereo WAV, and the folder where it is missing.

    Raises:
        OSError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            write_wav(stream, stereo, sample_rate)
    except OSError as error:
        raise OSError(f"{path}: the recording cannot be written: {error.strerror}") from error


def timeline(stereo: Samples, sample_rate: int, width: int = 100) -> str:
    """The call as two lines of text, caller above assistant: who made sound when."""
    bounds = np.linspace(0, len(stereo), width + 1).astype(int)
    lines = [
        f"{name:>9} |" + "".join(_mark(stereo[a:b, side]) for a, b in pairwise(bounds))
        for side, name in enumerate(("caller", "assistant"))
    ]
    return "\n".join([*lines, f"{'':>9} 0 s{len(stereo) / sample_rate:>{width - 4}.1f} s"])


def _mark(samples: Samples) -> str:
    peak = int(np.abs(samples.astype(np.int32)).max()) if len(samples) else 0
    loudness = 0.0 if peak <= LEVEL * FULL_SCALE else 1 + np.log10(peak / FULL_SCALE) / 2
    return TIMELINE_MARKS[min(len(TIMELINE_MARKS) - 1, int(loudness * len(TIMELINE_MARKS)))]
