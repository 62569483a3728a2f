"""Whether a caller is one who pauses in the middle of what they say, learnt as the call goes on."""

from math import log

LONG = 0.25
"""Seconds: a shorter pause was never a question."""

PRIOR_ENDED, PRIOR_GONE_ON = 6.0, 2.0
"""Silences of a caller of whom nothing is known, by what came after them."""

MOST = 0.7
"""Log odds that a habit counts at most, either way."""


class PauseHabit:
    """Counts one caller's silences: those that ended a turn, those after which they went on."""

    def __init__(self) -> None:
        self._ended, self._gone_on = PRIOR_ENDED, PRIOR_GONE_ON

    def resumed(self, silence: float) -> None:
        """They went on after so many seconds."""
        self._gone_on += silence >= LONG

    def ended(self) -> None:
        """They had finished."""
        self._ended += 1

    @property
    def odds(self) -> float:
        """Log odds that a silence of theirs ends a turn, against those of anybody's."""
        usual = log(PRIOR_ENDED / PRIOR_GONE_ON)
        return max(-MOST, min(MOST, log(self._ended / self._gone_on) - usual))
