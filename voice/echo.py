"""Whether what the microphone hears is our own voice, coming back through the caller's speaker.

An echo is a delayed, quieter and filtered copy of what was sent, so it correlates with it at some
delay; another voice does not, however similar. What is compared is the waveform: the last 0.3 s of
the microphone against what was sent of late, at every delay at once. Both are reduced to 4 kHz,
where most of a voice is: that takes a third of a millisecond.
"""

import numpy as np
from numpy.typing import NDArray

from voice.pcm import Samples

RATE = 4000
FACTOR = 4
"""Samples at 16 kHz that make one here."""

HEARD_SECONDS = 0.32
SENT_SECONDS = 1.6
"""Longer than a client's buffer and the echo's way together."""

ALIKE = 0.5
"""Normalised correlation from which sound is an echo (docs/decisions/0007-turn-taking.md)."""


class EchoGuard:
    """Compares one call's microphone with what was sent to its speaker."""

    def __init__(self) -> None:
        self._sent = np.zeros(round(SENT_SECONDS * RATE), np.float32)
        self._heard = np.zeros(round(HEARD_SECONDS * RATE), np.float32)
        self._size = 1 << (len(self._sent) + len(self._heard)).bit_length()

    def sent(self, samples: Samples) -> None:
        """Audio has gone out: int16 at 16 kHz."""
        self._sent = _pushed(self._sent, samples)

    def heard(self, samples: Samples) -> None:
        """Audio has come in: int16 at 16 kHz."""
        self._heard = _pushed(self._heard, samples)

    def is_echo(self) -> bool:
        """Whether the last 0.3 s that were heard are a copy of something that was sent."""
        return self.likeness() >= ALIKE

    def likeness(self) -> float:
        """The greatest normalised correlation at any delay, 0 to 1."""
        heard, sent = self._heard - self._heard.mean(), self._sent - self._sent.mean()
        energy = float(np.dot(heard, heard))
        if energy == 0.0 or not sent.any():
            return 0.0
        product = np.fft.rfft(sent, self._size) * np.conj(np.fft.rfft(heard, self._size))
        lags = len(sent) - len(heard) + 1
        matched = np.fft.irfft(product, self._size)[:lags]
        sums = np.concatenate(([0.0], np.cumsum(sent.astype(np.float64) ** 2)))
        energies = sums[len(heard) :] - sums[: len(sums) - len(heard)]
        scale = np.sqrt(energy * np.maximum(energies, 1.0))
        return float(np.max(np.abs(matched) / scale))


def _pushed(ring: NDArray[np.float32], samples: Samples) -> NDArray[np.float32]:
    """The newest samples of both; at most three of a batch are lost to the reduction."""
    whole = samples[: len(samples) // FACTOR * FACTOR].astype(np.float32)
    return np.concatenate((ring, whole.reshape(-1, FACTOR).mean(axis=1)))[-len(ring) :]
