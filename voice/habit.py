"""Whether a caller is one who pauses in the middle of what they say, learnt as the call goes on."""

from math import log

LONG = 0.25
"""Seconds: a shorter pause was never a question."""

PRIOR_ENDED, PRIOR_GONE_ON = 6.0, 2.0
"""Silences of a caller of whom nothing is known, by what came after them."""

AT_ONCE = 1.2
"""Seconds within which who speaks again had not finished: no answer was heard by then."""

MOST = 0.7
"""Log odds that a habit counts at most, either way."""


class PauseHabit:
    """Counts one caller's silences: those that ended a turn, those after which they went on."""

    def __init__(self) -> None:
        self._ended, self._gone_on = PRIOR_ENDED, PRIOR_GONE_ON

    def resumed(self, silence: float) -> None:
        """They went on after so many seconds."""
        self._gone_on += silence >= LONG

    def began_again(self, silence: float) -> None:
        """They began their next turn so many seconds after one was taken for over."""
        if silence < AT_ONCE:
            self.resumed(silence)
        else:
            self._ended += 1

    @property
    def odds(self) -> float:
        """Log odds that a silence of theirs ends a turn, against those of anybody's."""
        usual = log(PRIOR_ENDED / PRIOR_GONE_ON)
        return max(-MOST, min(MOST, log(self._ended / self._gone_on) - usual))
