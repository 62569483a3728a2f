"""A sound over the answer: quieter at once, until it is known whether somebody speaks.

```
caller     ____▂▅▇▆▇▅▆____      ____▇▃_______________
answer     ▅▇▆▇▃ _________      ▅▇▆▅▂▁▂▁▂▁▂▁▅▇▆▇
               ducked
                 stopped            ducked  |back
```

Certainty that the caller speaks takes Silero 0.1 to 0.9 s with telephone voices; a caller who is
talked over at full volume for so long starts again. A sound is noticed in 0.1 s, so the answer
is turned down on suspicion. Within half a second a turn begins, or the sound has gone on for most
of that time and is taken for speech (the recogniser will say), or the answer is turned up again.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from voice.vad import WINDOW

_RATE = 16000


class Overlap(Enum):
    """What is to be done about the answer."""

    DUCK = auto()
    RESTORE = auto()
    SPEECH = auto()
    """The sound has gone on: a turn begins."""


@dataclass(frozen=True, slots=True)
class OverlapSettings:
    """When a sound over the answer is suspected to be speech; times in seconds.

    Attributes:
        maybe: Speech probability from which a window counts.
        windows: How many of the last `among` must count.
        among: See `windows`.
        patience: How long the answer stays turned down where no turn begins.
        sustained: The share of that time that a sound must fill to be taken for speech.
        rest: After that, loudness alone does not turn it down again for so long.
    """

    maybe: float = 0.15
    windows: int = 2
    among: int = 4
    patience: float = 0.45
    sustained: float = 0.6
    rest: float = 0.6


class OverlapSense:
    """The suspicion, for one call. Time is samples received, so that a replay gives the same."""

    def __init__(self, settings: OverlapSettings | None = None) -> None:
        self.settings = settings or OverlapSettings()
        self._recent: deque[tuple[bool, bool]] = deque(maxlen=self.settings.among)
        self._now = 0
        self._heard = self._among = 0
        self._ducked_at: int | None = None
        self._restored_at: int | None = None

    def hear(self, probability: float, *, loud: bool) -> Overlap | None:
        """Take one window of the caller's sound while the answer plays and no turn is under way.

        Args:
            probability: That it holds speech, 0 to 1; 0 for our own echo.
            loud: Whether it is well above the line's noise; False for our own echo.
        """
        self._now += WINDOW
        speech = probability >= self.settings.maybe
        self._recent.append((speech, speech or loud))
        if self._ducked_at is None:
            return self._suspect()
        self._heard, self._among = self._heard + (speech or loud), self._among + 1
        if self._since(self._ducked_at) < self.settings.patience:
            return None
        self.reset()
        if self._heard >= self.settings.sustained * self._among:
            return Overlap.SPEECH
        self._restored_at = self._now
        return Overlap.RESTORE

    def reset(self) -> bool:
        """A turn has begun, or the answer is over; gives whether it was turned down."""
        was_ducked, self._ducked_at = self._ducked_at is not None, None
        self._recent.clear()
        return was_ducked

    def _suspect(self) -> Overlap | None:
        resting = (
            self._restored_at is not None and self._since(self._restored_at) < self.settings.rest
        )
        counted = sum(speech if resting else either for speech, either in self._recent)
        if counted < self.settings.windows:
            return None
        self._ducked_at, self._heard, self._among = self._now, 0, 0
        return Overlap.DUCK

    def _since(self, sample: int) -> float:
        return (self._now - sample) / _RATE
