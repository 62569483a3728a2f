"""Lost packets of a codec that cannot stand in for them: the voice's last period, repeated.

After ITU-T G.711 Appendix I: 20 ms as loud as before, then fading to silence at 60 ms, and joined
to what comes after it over 5 ms, so that nothing pops.
"""

import numpy as np

from voice.pcm import Samples

PITCH_LAGS = (0.0025, 0.015)
"""Shortest and longest period of a voice, seconds (G.711 Appendix I)."""

FULL, FADED = 0.02, 0.06
"""Seconds of a loss after which the repeated period falls, and is silent."""

JOIN = 0.005


class Concealment:
    """One stream.

    Args:
        rate: Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._past = np.empty(0, np.int16)

    def process(self, samples: Samples, lost: int = 0) -> Samples:
        """The next samples, with something in place of what was lost before them.

        Args:
            samples: Mono int16.
            lost: Samples that are missing before these.

        Returns:
            As many as both together.
        """
        if lost:
            join = min(len(samples), round(JOIN * self._rate))
            stand_in = self._stand_in(lost + join)
            rising = np.arange(1, join + 1) / (join + 1)
            joined = stand_in[lost:] * (1 - rising) + samples[:join] * rising
            mended = np.concatenate((stand_in[:lost], joined, samples[join:]))
            samples = np.rint(mended).astype(np.int16)
        self._past = np.concatenate((self._past, samples))[-_needed(self._rate) :]
        return samples

    def _stand_in(self, count: int) -> np.ndarray:
        at = np.arange(count) / self._rate
        return repeated(self._past, self._rate, count) * np.interp(at, (FULL, FADED), (1.0, 0.0))


def repeated(past: Samples, rate: int, count: int) -> Samples:
    """The last period of a voice, over and over: so many samples at this rate (Hz)."""
    short, long = (int(lag * rate) for lag in PITCH_LAGS)
    recent = past[-_needed(rate) :].astype(np.float64)
    if len(recent) < _needed(rate):
        return np.zeros(count, np.int16)
    alike = np.correlate(recent, recent[-long:], "valid")
    sums = np.cumsum(np.concatenate(([0.0], recent**2)))
    likeness = (alike / np.sqrt(sums[long:] - sums[:-long] + 1.0))[1:-short]
    period = short + int(np.argmax(likeness[::-1]))
    return np.resize(past[-period:], count)


def _needed(rate: int) -> int:
    return 3 * int(PITCH_LAGS[1] * rate)
