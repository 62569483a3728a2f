"""Speech at one level: a voice measured once, its peaks bent, the silence at its ends cut."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TARGET_DBOV = -20.0
"""Active speech level of the assistant; 0 dBov is a full-scale square wave (ITU-T G.100.1)."""

LEAD_SECONDS = 0.004
"""Kept before the first sound: a caller waits for it."""

KEPT_SECONDS = 0.02
"""Kept after the last sound."""

_KNEE, _CEILING = 0.7, 0.95
_SILENCE = 0.004  # -48 dB of full scale, below the weakest fricatives of a levelled voice
_PAUSE_BELOW_PEAK_DB = 30.0


def speech_level(samples: Samples, rate: int) -> float:
    """Level of the speech in dBov, its pauses left out; minus infinity for silence.

    Frames of 20 ms count as speech when they are less than 30 dB below the loudest one.
    """
    frame = max(1, rate // 50)
    whole = samples[: len(samples) // frame * frame].astype(np.float64).reshape(-1, frame)
    power = (whole**2).mean(axis=1)
    if not len(power) or power.max() == 0:
        return float("-inf")
    speech = power[power > power.max() * 10 ** (-_PAUSE_BELOW_PEAK_DB / 10)]
    return float(10 * np.log10(speech.mean()))


def gain_for(samples: Samples, rate: int) -> float:
    """The factor that brings the speech in `samples` to the target level, at most 20 dB."""
    level = speech_level(samples, rate)
    if level == float("-inf"):
        return 1.0
    return float(10 ** (min(TARGET_DBOV - level, 20.0) / 20))


def limited(samples: Samples) -> NDArray[np.int16]:
    """Samples as int16, peaks bent so that they stay below full scale.

    Sample by sample, so that windows give the same as the whole.
    """
    size = np.abs(samples)
    room = _CEILING - _KNEE
    bent = np.sign(samples) * (_KNEE + room * np.tanh((size - _KNEE) / room))
    kept = np.where(size <= _KNEE, samples, bent)
    return np.asarray(np.rint(kept * 32767), dtype=np.int16)


class SilenceTrim:
    """Cuts the silence before and after one piece of speech while it streams.

    Silence inside is kept: it is held back until sound follows. 4 ms stay before, 20 ms after.
    """

    def __init__(self, rate: int) -> None:
        self._lead, self._kept = int(rate * LEAD_SECONDS), int(rate * KEPT_SECONDS)
        self._held: Samples = np.zeros(0, np.float32)
        self._started = False

    def push(self, window: Samples) -> Samples:
        """The next window; returns what is known to belong to the speech, maybe nothing."""
        joined = np.concatenate([self._held, window])
        loud = np.flatnonzero(np.abs(joined) > _SILENCE)
        if not len(loud):
            self._held = joined if self._started else joined[-self._lead :]
            return joined[:0]
        begin = 0 if self._started else max(0, int(loud[0]) - self._lead)
        end = int(loud[-1]) + 1
        self._started, self._held = True, joined[end:]
        return joined[begin:end]

    def finish(self) -> Samples:
        """The 20 ms after the last sound; nothing if there was none."""
        return self._held[: self._kept if self._started else 0]
