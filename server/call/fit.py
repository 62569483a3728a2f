"""Whether what was said so far is what the dialog waits for: it decides how long to wait."""

from nlu.understanding import Expectation, Understanding
from voice.turns import Fit

SURE = 0.7
"""Score from which an intent makes a finished sentence a whole."""

SENTENCE_ENDS = (".", "?", "!")
"""What the recogniser writes where a sentence sounds finished."""


def fit(
    understanding: Understanding | None, expectation: Expectation, *, wants_more: bool = False
) -> Fit:
    """How an understanding fits an expectation.

    Args:
        understanding: Of the turn so far; None stands for no speech.
        expectation: What the dialog waits for.
        wants_more: Whether the request leaves details open that the caller may go on to give.
    """
    if understanding is None or not understanding.text.strip():
        return Fit.NOTHING
    if expectation.digits is not None and (digits := _longest_digits(understanding)):
        return _fit_digits(digits, expectation.digits)
    if not understanding.text.rstrip().endswith(SENTENCE_ENDS):
        return Fit.OPEN
    if _is_agreement(understanding, expectation):
        return Fit.LIKELY  # "yes … but make it fifty" must be heard whole
    if _answers(understanding, expectation):
        return Fit.WHOLE
    if _is_clear(understanding):
        return Fit.LIKELY if wants_more else Fit.WHOLE
    return Fit.OPEN


def _answers(understanding: Understanding, expectation: Expectation) -> bool:
    """Whether it is what was asked for."""
    if expectation.kind == "choice":
        words = understanding.text.lower()
        return any(choice.lower() in words for choice in expectation.choices)
    return any(entity.type == expectation.kind for entity in understanding.entities)


def _longest_digits(understanding: Understanding) -> int:
    lengths = (len(str(e.value)) for e in understanding.entities if e.type == "digits")
    return max(lengths, default=0)


def _fit_digits(found: int, expected: int) -> Fit:
    if found > expected:
        return Fit.OPEN
    return Fit.COMPLETE if found == expected else Fit.PARTIAL


def _is_agreement(understanding: Understanding, expectation: Expectation) -> bool:
    intents = understanding.intents
    return expectation.kind == "yes_no" and bool(intents) and intents[0].name == "affirm"


def _is_clear(understanding: Understanding) -> bool:
    """Whether it is surely a request or an act of its own."""
    if not understanding.intents or understanding.intents[0].name == "inform":
        return False
    return understanding.intents[0].score >= SURE
