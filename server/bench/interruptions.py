"""What a barge-in did, read from the recording: when the answer fell silent, whether it came back.

```
assistant  ▅▇▆▇▅▆▇▃______________▅▇▆      a cough: ducked, and back
caller             ▂▅▂
              onset|ducked|……back|
```
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.recording import LEVEL, speech_level
from server.recording import sounds as loud_samples
from voice.pcm import Samples

HOP = 0.01
"""Seconds between two levels; each is the RMS of 20 ms."""

BEFORE = 2.0
"""Seconds before the onset from which the assistant's own level is taken."""

DROP = 20.0
"""Decibels below its level at which an answer counts as silent."""

HOLD = 0.3
"""Seconds that it must stay silent: pauses between words are shorter."""

BACK = 0.2
"""Seconds of sound, together, that make it come back."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """One sound of the caller's over an answer; seconds from its onset.

    Attributes:
        ducked: The answer had fallen by 20 dB; None where it went on.
        back: It sounded again; None where it stayed silent, or was never ducked.
    """

    ducked: float | None
    back: float | None

    @property
    def went_on(self) -> bool:
        """Whether the answer was not stopped, or only for a while."""
        return self.ducked is None or self.back is not None


def onset_of(left: Samples, sample_rate: int, began: int, until: int) -> int | None:
    """The caller's first sound between two samples; None where there is none."""
    part = left[began:until]
    loud = loud_samples(part, speech_level(part, sample_rate))
    return began + int(loud[0]) if len(loud) else None


def interruption(
    right: Samples, sample_rate: int, onset: int, until: int | None = None
) -> Interruption | None:
    """What became of the answer that was sounding at an onset.

    Args:
        right: The assistant's channel, int16.
        sample_rate: Hz.
        onset: The caller's first sound, in samples.
        until: What comes from here on does not count as coming back.

    Returns:
        None where the assistant made no sound in the two seconds before.
    """
    before = right[max(0, onset - int(BEFORE * sample_rate)) : onset].astype(np.float64)
    active = before[np.abs(before) > LEVEL * 32768]
    if len(active) < 0.1 * sample_rate:
        return None
    end = None if until is None else until + int(HOLD * sample_rate)
    silent = _levels(right[onset:end], sample_rate) < _db(np.mean(active**2)) - DROP
    ducked = _first_run(silent, round(HOLD / HOP))
    if ducked is None:
        return Interruption(None, None)
    last = None if until is None else round((until - onset) / sample_rate / HOP)
    sounding = np.flatnonzero(~silent[ducked:last])
    back = None
    if len(sounding) >= round(BACK / HOP):
        back = (ducked + int(sounding[0])) * HOP
    return Interruption(round(ducked * HOP, 3), None if back is None else round(back, 3))


def _levels(samples: Samples, sample_rate: int) -> npt.NDArray[np.float64]:
    """Decibels of 20 ms from every 10 ms."""
    hop = int(HOP * sample_rate)
    whole = samples[: len(samples) // hop * hop].astype(np.float64).reshape(-1, hop)
    power = np.mean(whole**2, axis=1) if len(whole) else np.zeros(0)
    return _db((power[:-1] + power[1:]) / 2) if len(power) > 1 else np.zeros(0)


def _db(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return 10 * np.log10(np.maximum(np.asarray(power, np.float64), 1e-3))


def _first_run(flags: npt.NDArray[np.bool_], length: int) -> int | None:
    """Where the first run of at least so many true ones begins."""
    run = np.convolve(flags, np.ones(length), "valid") if len(flags) >= length else np.zeros(0)
    found = np.flatnonzero(run >= length - 0.5)
    return int(found[0]) if len(found) else None
