"""Whether what was said so far is what the dialog waits for: it decides how long to wait."""

from nlu.understanding import Expectation, Understanding
from voice.turns import Fit


def fit(understanding: Understanding | None, expectation: Expectation) -> Fit:
    """How an understanding fits an expectation; None stands for no speech."""
    if understanding is None or not understanding.text.strip():
        return Fit.NOTHING
    if expectation.digits is None:
        return Fit.OPEN
    longest = max(
        (len(str(e.value)) for e in understanding.entities if e.type == "digits"), default=0
    )
    if longest == 0 or longest > expectation.digits:
        return Fit.OPEN
    return Fit.COMPLETE if longest == expectation.digits else Fit.PARTIAL
