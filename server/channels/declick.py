"""Smooths the step that a lost packet leaves, where a codec conceals nothing (G.711, G.722).

The stack goes on at the next packet and does not tell where one is missing. A step is known by its
neighbours: it is between two packets, and much steeper than all around it. There the sound before
runs on, mirrored in time, and fades into the sound after. Nothing is delayed or stretched.
"""

import numpy as np

from voice.pcm import Samples

FADE = 0.005
"""Seconds, and how far around a step its neighbours are looked at."""

PACKETS = 0.01
"""Seconds of which packets have a whole number."""

STEEPER, LEAST = 1.5, 500
"""A step's height: so many times the steepest of its neighbours, and so much more."""


class Declick:
    """One caller's sound, as it comes from the stack: whole packets.

    Args:
        rate: Hz.
    """

    def __init__(self, rate: int) -> None:
        self._fade = round(FADE * rate)
        self._packets = round(PACKETS * rate)
        self._ramp = np.arange(1, self._fade + 1) / (self._fade + 1)
        self._before: np.ndarray = np.zeros(self._fade + 1)

    def process(self, samples: Samples) -> Samples:
        """The same number of samples."""
        first = len(self._before)
        sound = np.concatenate((self._before, samples))
        for at in range(first, len(sound) - self._fade + 1, self._packets):
            self._join(sound, at)
        self._before = sound[-first:]
        return np.asarray(np.rint(sound[first:]), np.int16)

    def _join(self, sound: np.ndarray, at: int) -> None:
        fade = self._fade
        steps = np.abs(np.diff(sound[at - fade - 1 : at + fade]))
        step, steps[fade] = steps[fade], 0
        if step > STEEPER * steps.max() + LEAST:
            mirrored = sound[at - fade - 1 : at - 1][::-1]
            sound[at : at + fade] += (1 - self._ramp) * (mirrored - sound[at : at + fade])
