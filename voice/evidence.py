"""Whether somebody speaks, from two witnesses: what Silero hears, and how loud it is.

Silero hears clear words in the telephone band as 0.1 to 0.4 with some voices, and whole short
answers go unnoticed. So while nothing of ours is playing, sound well above the line's own noise
counts as speech too, unless Silero is sure that it is none; whether there were words in it, the
recogniser says. While our answer plays, Silero alone decides: a cough must not stop it.
"""

from collections import deque

import numpy as np

from voice.pcm import Samples, level_dbov
from voice.vad import VoiceActivity

FLOOR_SECONDS = 2.0
ABOVE_FLOOR = 15.0
"""dB above the line's noise from which sound is loud."""

FAINTEST = -50.0
"""dBov below which nothing is loud, however quiet the line."""

NO_SPEECH = 0.04
"""Silero's probability below which loud sound is no speech."""

LOUD = 0.6
"""What loud sound is worth as a speech probability."""

_WINDOW_SECONDS = 0.032


class SpeechEvidence:
    """Speech probabilities of one call."""

    def __init__(self) -> None:
        self._activity = VoiceActivity()
        self._levels: deque[float] = deque(maxlen=round(FLOOR_SECONDS / _WINDOW_SECONDS))

    def process(self, window: Samples, *, playing: bool) -> float:
        """The probability, 0 to 1, that the next window of 512 samples at 16 kHz holds speech.

        Args:
            window: int16.
            playing: Whether the assistant is being heard.
        """
        probability = self._activity.process(window)
        loud = self._is_loud(window)
        if loud and not playing and probability >= NO_SPEECH:
            return max(probability, LOUD)
        return probability

    def _is_loud(self, window: Samples) -> bool:
        level = max(level_dbov(window), -90.0)
        self._levels.append(level)
        floor = float(np.percentile(self._levels, 10))
        return level >= max(FAINTEST, floor + ABOVE_FLOOR)
