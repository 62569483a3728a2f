"""Whether what was said so far is what the dialog waits for: it decides how long to wait."""

from nlu.understanding import Expectation, Understanding
from voice.turns import Fit

SURE = 0.7
"""Score from which an intent makes a finished sentence a whole."""

SENTENCE_ENDS = (".", "?", "!")
"""What the recogniser writes where a sentence sounds finished."""


def fit(understanding: Understanding | None, expectation: Expectation) -> Fit:
    """How an understanding fits an expectation; None stands for no speech."""
    if understanding is None or not understanding.text.strip():
        return Fit.NOTHING
    if expectation.digits is not None and (digits := _longest_digits(understanding)):
        return _fit_digits(digits, expectation.digits)
    return Fit.LIKELY if _is_whole(understanding) else Fit.OPEN


def _longest_digits(understanding: Understanding) -> int:
    lengths = (len(str(e.value)) for e in understanding.entities if e.type == "digits")
    return max(lengths, default=0)


def _fit_digits(found: int, expected: int) -> Fit:
    if found > expected:
        return Fit.OPEN
    return Fit.COMPLETE if found == expected else Fit.PARTIAL


def _is_whole(understanding: Understanding) -> bool:
    if not understanding.intents or understanding.intents[0].name == "inform":
        return False
    finished = understanding.text.rstrip().endswith(SENTENCE_ENDS)
    return finished and understanding.intents[0].score >= SURE
