"""A jitter buffer: what arrives in bursts leaves evenly, and nothing that is cut off pops.

Sound waits until enough of it is there, or until it has waited so long. Where the buffer runs dry
and more comes soon after, that was too little, and the next time it waits longer; where it does not
run dry for a while, it waits less again. The end of an answer is no gap: nothing follows it soon.
"""

import threading
from typing import Any

import numpy as np

from voice.pcm import Samples

LEAST, MOST = 0.04, 0.3
"""Seconds of sound held back."""

LONGER, SHORTER = 0.04, 0.01
STEADY = 10.0
"""Seconds played without a gap after which less is held back."""

SOON = 0.4
"""Seconds: dry for less than this was a gap."""

FADE = 0.005


class JitterBuffer:
    """The speaker of a call (`Speaker`), filled from the network and emptied by a device's thread.

    Args:
        rate: Hz.

    Attributes:
        held_back: Seconds that sound waits now before it begins.
    """

    def __init__(self, rate: int) -> None:
        self.held_back = LEAST
        self._rate = rate
        self._lock = threading.Lock()
        self._own_gain = 1.0
        self._last_gain = 1.0
        self.begin()

    def begin(self) -> None:
        """A call begins: nothing has been played in it."""
        with self._lock:
            self._waiting = np.zeros(0, np.int16)
            self._tail = np.zeros(0, np.int16)
            self._played = 0
            self._gain = 1.0
            self._flowing = False
            self._waited = self._dry = self._steady = 0

    @property
    def playing(self) -> bool:
        """Whether received audio has still to be handed to the device."""
        return len(self._waiting) > 0

    @property
    def played(self) -> int:
        """Samples that were handed to the device since the call began."""
        return self._played

    def play(self, samples: Samples) -> None:
        """Take audio that has just arrived."""
        with self._lock:
            if not len(self._waiting) and not self._flowing and 0 < self._dry < SOON * self._rate:
                self.held_back = min(MOST, self.held_back + LONGER)
                self._steady = 0
            self._waiting = np.concatenate((self._waiting, samples))
            self._dry = 0

    def clear(self) -> None:
        """Drop what has not been handed to the device yet, but for the few samples that fade."""
        with self._lock:
            self._tail = self._waiting[: round(FADE * self._rate)] if self._flowing else self._tail
            self._waiting = self._waiting[:0]
            self._gain = 1.0
            self._flowing = False
            self._waited = self._dry = 0

    def duck(self, gain: float) -> None:
        """Play what is left, and what comes, at this gain, as the server says."""
        self._gain = gain

    def hush(self, gain: float) -> None:
        """The same as the device itself hears it; the lower of both counts."""
        self._own_gain = gain

    def fill(self, outdata: Samples, frames: int, _time: Any = None, _status: Any = None) -> None:
        """The device's callback: shape (frames, 1); silence where there is nothing."""
        with self._lock:
            sound = self._next(frames)
            gain = min(self._gain, self._own_gain)
            ramp = np.linspace(self._last_gain, gain, frames)
            self._last_gain = gain
        outdata[:, 0] = sound * ramp

    def _next(self, frames: int) -> Samples:
        sound = np.zeros(frames, np.int16)
        if len(self._tail):
            tail, self._tail = self._tail[:frames], self._tail[:0]
            sound[: len(tail)] = _faded(tail)
        if not self._flowing:
            self._hold(frames)
        if self._flowing:
            now, self._waiting = self._waiting[:frames], self._waiting[frames:]
            self._count(len(now))
            if len(now) < frames:
                self._flowing, self._waited = False, 0
                self._dry = frames - len(now)
                fade = min(len(now), round(FADE * self._rate))
                now = np.concatenate((now[: len(now) - fade], _faded(now[len(now) - fade :])))
            sound[: len(now)] = now
        return sound

    def _hold(self, frames: int) -> None:
        """Whether what waits may begin."""
        self._dry += frames if self._dry and not len(self._waiting) else 0
        enough = self.held_back * self._rate
        if len(self._waiting):
            self._flowing = len(self._waiting) >= enough or self._waited >= enough
            self._waited += frames

    def _count(self, samples: int) -> None:
        self._played += samples
        self._steady += samples
        if self._steady >= STEADY * self._rate:
            self._steady = 0
            self.held_back = max(LEAST, self.held_back - SHORTER)


def _faded(samples: Samples) -> Samples:
    """Down to nothing at its end."""
    return np.asarray(samples * np.linspace(1, 0, len(samples)), np.int16)
