"""Whether what was said so far is all that the caller wants to say: it decides how long to wait."""

import math

from dialog.decision import Heard
from dialog.turns import Thought
from nlu.entities.checks import passes
from nlu.understanding import Expectation, Understanding
from voice.turns import Fit, log_odds

SURE = 0.7
"""Of the score, how much must be requests and acts for a sentence to be clear."""

DICTATED = 0.2
"""How likely digits are all where nobody knows how many there are."""

AGREED_ON = 0.2
"""Share of the readings from which a number of the right length is taken for all of it: a reading
that says one digit more than the likelier ones may have made it up."""

BY_RULE = 0.9
"""Score from which the best intent was found by rule: a plain yes, or nothing but a value."""

SENTENCE_ENDS = (".", "?", "!")
"""What the recogniser writes where a sentence sounds finished."""

TURNS_GO_ON, SENTENCE_ENDED, WORDS, DETAILS_OPEN = -1.8, 1.1, 0.95, -0.5
ANSWERED, NOTHING_ELSE, COUNTED, AGREED = 1.3, 1.0, 0.65, 0.35
"""Log odds that a turn is over after a pause: of any, for a sentence's end, by its words, for a
request whose details may still come; for what was asked for, for nothing beside it, the same of an
amount ("... and thirty cents"), for a plain yes (docs/decisions/0027-ends-of-turns.md)."""


def fit(thought: Thought | None, expectation: Expectation) -> tuple[Fit, float]:
    """How a thought fits an expectation, and how likely the turn is over, 0 to 1.

    Args:
        thought: Of the turn so far; None stands for no speech.
        expectation: What the dialog waits for.
    """
    understanding = thought.understanding if thought is not None else None
    if thought is None or understanding is None or not understanding.text.strip():
        return Fit.NOTHING, 1.0
    # What a thought shows of a secret is masked, and no check can be made of that.
    said = thought.event.understanding if isinstance(thought.event, Heard) else understanding
    if expectation.digits is not None and (digits := _longest_digits(said)):
        return _fit_digits(digits, expectation, said.agreed), DICTATED
    if _dictates(understanding, expectation):
        return Fit.OPEN, DICTATED
    agrees = _agrees(understanding, expectation)
    odds = TURNS_GO_ON + WORDS * log_odds(understanding.finished)
    odds += SENTENCE_ENDED * understanding.text.rstrip().endswith(SENTENCE_ENDS)
    if _answers(understanding, expectation):
        odds += ANSWERED
        if _by_rule(understanding, "inform"):
            odds += COUNTED if expectation.kind == "money" else NOTHING_ELSE
    elif _is_clear(understanding):
        odds += AGREED * agrees + DETAILS_OPEN * thought.wants_more
    binds = agrees and thought.decision.act is not None
    return Fit.BINDING if binds else Fit.OPEN, 1 / (1 + math.exp(-odds))


def _answers(understanding: Understanding, expectation: Expectation) -> bool:
    """Whether it is what was asked for."""
    if expectation.kind == "choice":
        words = understanding.text.lower()
        return any(choice.lower() in words for choice in expectation.choices)
    return any(entity.type == expectation.kind for entity in understanding.entities)


def _dictates(understanding: Understanding, expectation: Expectation) -> bool:
    """Whether it is digits and nothing else, which nobody has asked for: a number read out."""
    is_bare = _by_rule(understanding, "inform") and bool(_longest_digits(understanding))
    return is_bare and not _answers(understanding, expectation)


def _longest_digits(understanding: Understanding) -> str:
    found = (str(e.value) for e in understanding.entities if e.type == "digits")
    return max(found, key=len, default="")


def _fit_digits(digits: str, expectation: Expectation, agreed: float) -> Fit:
    """As many digits as are waited for are all only where they pass their check and the readings
    agree: else one too many may have been heard, and the last ones are still to come."""
    missing = (expectation.digits or 0) - len(digits)
    if missing == 0 and agreed >= AGREED_ON and passes(expectation.valid, digits):
        return Fit.COMPLETE
    return Fit.PARTIAL if missing > 0 else Fit.OPEN


def _by_rule(understanding: Understanding, intent: str) -> bool:
    """Whether it is surely this and nothing else: a fragment's best intent is a guess."""
    best = understanding.intents[0] if understanding.intents else None
    return best is not None and best.name == intent and best.score >= BY_RULE


def _agrees(understanding: Understanding, expectation: Expectation) -> bool:
    """Whether it is a plain yes to a question."""
    return expectation.kind == "yes_no" and _by_rule(understanding, "affirm")


def _is_clear(understanding: Understanding) -> bool:
    """Whether it is surely a request or an act of its own, or several."""
    return sum(i.score for i in understanding.intents if i.name != "inform") >= SURE
