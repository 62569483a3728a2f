"""Ready-made sound of fixed phrases, bounded, kept over restarts in a file."""

import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

VERSION = 2
"""Of how sound is shaped after the model; raise it where that changes, and old files are void."""

FULL = 0.98
"""Of its room, from which it counts as full: a long sentence is 10 s."""


@dataclass(frozen=True, slots=True)
class PhraseKey:
    """What the sound of a phrase depends on; `model` is the voice's own fingerprint."""

    model: str
    seed: int
    speed: float
    words: str

    def __str__(self) -> str:
        return f"{VERSION}|{self.model}|{self.seed}|{self.speed}|{self.words}"


class PhraseCache:
    """Keeps int16 samples by phrase; those that were not used for longest go when it is full."""

    def __init__(self, samples: int) -> None:
        """Make an empty cache of at most this many samples in all."""
        self._room = samples
        self._used = 0
        self._phrases: dict[str, NDArray[np.int16]] = {}
        self._lock = threading.Lock()
        self._unsaved = False

    def __len__(self) -> int:
        return len(self._phrases)

    def __contains__(self, key: PhraseKey) -> bool:
        return str(key) in self._phrases

    @property
    def full(self) -> bool:
        """Whether a further phrase may cost another its place."""
        return self._used > FULL * self._room

    def get(self, key: PhraseKey) -> NDArray[np.int16] | None:
        """The phrase's samples (read-only), or None."""
        with self._lock:
            samples = self._phrases.pop(str(key), None)
            if samples is not None:
                self._phrases[str(key)] = samples
        return samples

    def put(self, key: PhraseKey, samples: NDArray[np.int16]) -> None:
        """Keep a phrase; one larger than the whole cache is not kept."""
        self._put(str(key), samples)

    def load(self, path: Path) -> None:
        """Take what an earlier `save` wrote; a file that is missing or damaged gives nothing."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                for name in stored.files:
                    if name.startswith(f"{VERSION}|") and stored[name].dtype == np.int16:
                        self._put(name, stored[name])
        except (OSError, EOFError, ValueError, zipfile.BadZipFile):
            return
        self._unsaved = False

    def save(self, path: Path) -> None:
        """Write everything, where there is anything new.

        Raises:
            OSError: The file cannot be written.
        """
        with self._lock:
            phrases, unsaved, self._unsaved = dict(self._phrases), self._unsaved, False
        if not unsaved:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as stream:
            np.savez(stream, **phrases)  # type: ignore[arg-type]  # names are no options
        unfinished.replace(path)

    def _put(self, name: str, samples: NDArray[np.int16]) -> None:
        if len(samples) > self._room:
            return
        samples = samples.copy()
        samples.flags.writeable = False
        with self._lock:
            self._used -= len(self._phrases.pop(name, samples[:0]))
            while self._used + len(samples) > self._room:
                oldest = next(iter(self._phrases))
                self._used -= len(self._phrases.pop(oldest))
            self._phrases[name] = samples
            self._used += len(samples)
            self._unsaved = True
