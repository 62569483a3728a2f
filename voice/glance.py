"""What the recogniser has made of an utterance before it was certain that it is over."""

from dataclasses import dataclass

import ctranslate2
import numpy as np

from voice.pcm import Samples, level_dbov

_STEP = 256
"""Samples (16 ms at 16 kHz): a plosive's burst is no shorter."""

_LONGEST = 3200
"""Samples that may have come since."""

_LOUDER = 6.0
"""dB by which what came since may be louder than the silence in which the glance was taken."""


_TO_COME = 1024
"""Samples of silence that make a pause of it."""


def continued(samples: Samples) -> Samples:
    """Audio that ends in silence as it would be at the pause: with as much more of it."""
    silence = samples[-2 * _STEP :]
    return np.concatenate((samples, np.tile(silence, -(-_TO_COME // max(len(silence), 1)))))


@dataclass(frozen=True, slots=True)
class Glance:
    """The encoder's view of audio, int16 at 16 kHz, that ends in at least 32 ms of silence."""

    samples: Samples
    encoded: ctranslate2.StorageView

    def shows(self, samples: Samples) -> bool:
        """Whether audio is what was seen and nothing but more of the silence in which it ended.

        The burst of a final "t" comes up to a tenth of a second after its vowel.
        """
        seen = len(self.samples)
        since = samples[seen:]
        if seen > len(samples) or len(since) > _LONGEST:
            return False
        if not np.array_equal(samples[:seen], self.samples):
            return False
        silence = _loudest(self.samples[-2 * _STEP :])
        return len(since) == 0 or _loudest(since) <= silence + _LOUDER


def _loudest(samples: Samples) -> float:
    """dBov of the loudest 16 ms, at least the last four bits' noise."""
    steps = [samples[at : at + _STEP] for at in range(0, len(samples), _STEP)]
    return max(max(level_dbov(step) for step in steps), -72.0)
