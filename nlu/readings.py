"""Chooses among the recogniser's readings the one that fits what the dialog waits for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nlu.entities.checks import passes
from nlu.entities.extract import extract
from nlu.locales.locale import Locale
from nlu.understanding import Context, Entity, Expectation

EXACT_TYPES = ("digits", "money")
DOUBT = 0.55
"""What is left of an entity's confidence where the readings disagree and nothing settles it."""

_RIVAL = 0.5
"""Readings less than this share as sure as the best one do not count as disagreement."""
_DIGIT_KINDS = ("customer_number", "pin", "digits")


@dataclass(frozen=True, slots=True)
class Reading:
    """One text with what it holds; confidence is the recogniser's, 0 to 1."""

    text: str
    confidence: float
    entities: tuple[Entity, ...]


def read_all(texts: Sequence[tuple[str, float]], context: Context, locale: Locale) -> list[Reading]:
    """Each text once, in order, with its entities."""
    unique: dict[str, float] = {}
    for text, confidence in texts:
        unique.setdefault(text, confidence)
    return [Reading(text, sure, extract(text, context, locale)) for text, sure in unique.items()]


def choose(readings: Sequence[Reading], expectation: Expectation) -> Reading:
    """The best reading, its entities' confidence lowered where the others contradict it.

    Args:
        readings: At least one, best first.
        expectation: What the dialog waits for.
    """
    fitting = [reading for reading in readings if _fits(reading, expectation)]
    chosen = fitting[0] if fitting else readings[0]
    # A check digit settles what the readings dispute; of two that pass it, neither is sure.
    rivals = fitting if expectation.valid and fitting else readings
    entities = tuple(_weighed(entity, chosen, rivals) for entity in chosen.entities)
    return replace(chosen, entities=entities)


def _fits(reading: Reading, expectation: Expectation) -> bool:
    if expectation.kind in _DIGIT_KINDS:
        return any(
            entity.type == "digits" and _is_awaited(str(entity.value), expectation)
            for entity in reading.entities
        )
    if expectation.kind in ("money", "date", "payee", "account_kind", "card_kind"):
        return any(entity.type == expectation.kind for entity in reading.entities)
    return False


def _is_awaited(digits: str, expectation: Expectation) -> bool:
    if expectation.digits is None and expectation.valid is None:
        return False
    right_length = expectation.digits in (None, len(digits))
    return right_length and passes(expectation.valid, digits)


def _weighed(entity: Entity, chosen: Reading, rivals: Sequence[Reading]) -> Entity:
    if entity.type not in EXACT_TYPES:
        return entity
    mine = [other.value for other in chosen.entities if other.type == entity.type]
    for rival in rivals:
        if rival is chosen or rival.confidence < _RIVAL * chosen.confidence:
            continue
        theirs = [other.value for other in rival.entities if other.type == entity.type]
        if entity.value not in theirs and len(theirs) >= len(mine):
            return replace(entity, confidence=round(entity.confidence * DOUBT, 3))
    return entity
