"""How the caller feels over a call: what feelings their words carry, and how they fade."""

from dataclasses import dataclass

from dialog.bank.routing import goes_first
from nlu.understanding import Feelings

FADES = 0.7
"""What is left of a feeling after a turn that does not carry it."""
CLEAR = 0.6
"""From here on a caller counts as angry or distressed."""


@dataclass(frozen=True, slots=True)
class Mood:
    """Of a call so far.

    Attributes:
        anger, distress: 0 to 1; the strongest lately.
        upset: They were angry or distressed at some point, or said what befell them: nothing is
            sold to them in this call.
        vulnerable: They told of something that lets them go before all others (departments.yaml).
    """

    anger: float = 0.0
    distress: float = 0.0
    upset: bool = False
    vulnerable: bool = False

    def after(self, words: str, feelings: Feelings | None) -> "Mood":
        """The mood after some words of the caller's."""
        told = feelings or Feelings()
        anger = max(told.anger, FADES * self.anger)
        distress = max(told.distress, FADES * self.distress)
        vulnerable = self.vulnerable or goes_first(words)
        upset = self.upset or vulnerable or max(anger, distress) >= CLEAR
        return Mood(anger, distress, upset, vulnerable)

    @property
    def name(self) -> str:
        """ "angry", "distressed", "was_upset" or "calm"."""
        if max(self.anger, self.distress) >= CLEAR:
            return "angry" if self.anger >= self.distress else "distressed"
        return "was_upset" if self.upset else "calm"

    @property
    def goes_first(self) -> bool:
        """Whether a person is given to them before others."""
        return self.vulnerable or max(self.anger, self.distress) >= CLEAR


CALM = Mood()
