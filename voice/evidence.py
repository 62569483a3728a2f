"""Whether somebody speaks, from two witnesses: what Silero hears, and how loud it is.

Silero hears clear words in the telephone band as 0.1 to 0.4 with some voices, and whole short
answers go unnoticed. So while nothing of ours is playing, sound well above the line's own noise
counts as speech too, unless Silero is sure that it is none; whether there were words in it, the
recogniser says. While our answer plays, Silero alone decides: a cough must not stop it.

Silero also goes on hearing speech for 74 to 122 ms (the middle half of 122 recordings) after its
last sound, and every turn would wait so much longer. So sound that has fallen far below what was
just said is a pause at once; on a line with loud noise nothing falls so far, and Silero decides.
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

HUSHED = 30.0
"""dB below the loud windows of the last `HUSH_SECONDS` from which sound is a pause.

At 25 dB, 15 of 122 recordings lost more than 60 ms of their last word; at 30 dB, 4.
"""

HUSH_SECONDS = 1.5

PAUSE = 0.2
"""The most that hushed sound is worth as a speech probability."""

_WINDOW_SECONDS = 0.032
_SUSTAINED = 3  # windows


class SpeechEvidence:
    """Speech probabilities of one call.

    Attributes:
        loud: Whether the last window was well above the line's noise, and Silero did not exclude
            speech.
    """

    def __init__(self) -> None:
        self._activity = VoiceActivity()
        self._levels: deque[float] = deque(maxlen=round(FLOOR_SECONDS / _WINDOW_SECONDS))
        self._just_now: deque[float] = deque(maxlen=round(HUSH_SECONDS / _WINDOW_SECONDS))
        self.loud = False

    def process(self, window: Samples, *, playing: bool) -> float:
        """The probability, 0 to 1, that the next window of 512 samples at 16 kHz holds speech.

        Args:
            window: int16.
            playing: Whether the assistant is being heard.
        """
        probability = self._activity.process(window)
        level = max(level_dbov(window), -90.0)
        self.loud = self._is_loud(level) and probability >= NO_SPEECH
        if self._is_hushed(level):
            return min(probability, PAUSE)
        if self.loud and not playing:
            return max(probability, LOUD)
        return probability

    def _is_hushed(self, level: float) -> bool:
        self._just_now.append(level)
        spoken = sorted(self._just_now)[-_SUSTAINED:][0]  # the third loudest: a click is no speech
        return level < spoken - HUSHED

    def _is_loud(self, level: float) -> bool:
        self._levels.append(level)
        floor = float(np.percentile(self._levels, 10))
        return level >= max(FAINTEST, floor + ABOVE_FLOOR)
