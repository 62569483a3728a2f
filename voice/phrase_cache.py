"""Ready-made sound of fixed phrases, in memory and bounded."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PhraseKey:
    """What the sound of a phrase depends on."""

    model: str
    seed: int
    speed: float
    words: str


class PhraseCache:
    """Keeps int16 samples by phrase; the oldest go when it is full."""

    def __init__(self, samples: int) -> None:
        """Make an empty cache of at most this many samples in all."""
        self._room = samples
        self._used = 0
        self._phrases: dict[PhraseKey, NDArray[np.int16]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._phrases)

    def get(self, key: PhraseKey) -> NDArray[np.int16] | None:
        """The phrase's samples (read-only), or None."""
        return self._phrases.get(key)

    def put(self, key: PhraseKey, samples: NDArray[np.int16]) -> None:
        """Keep a phrase; one larger than the whole cache is not kept."""
        if len(samples) > self._room:
            return
        samples = samples.copy()
        samples.flags.writeable = False
        with self._lock:
            self._used -= len(self._phrases.pop(key, samples[:0]))
            while self._used + len(samples) > self._room:
                oldest = next(iter(self._phrases))
                self._used -= len(self._phrases.pop(oldest))
            self._phrases[key] = samples
            self._used += len(samples)
