"""What keys mean: they are read into the same values that words are."""

from datetime import date
from decimal import Decimal, InvalidOperation

from nlu.understanding import Entity, EntityValue, Expectation, Money, ScoredIntent, Understanding

LONGEST_CHOICE = 2
"""More digits than this choose nothing and are a number."""


def as_understanding(digits: str, expectation: Expectation, today: date) -> Understanding:
    """What a finished key entry means, given what was asked.

    A lone 0 asks for a person. For a "yes or no" question 1 agrees and 2 declines; for an amount
    `*` stands for the decimal point; for a choice the digit is the place in the list.
    """
    entry = digits.strip("#")
    if entry == "0":
        return _heard(entry, "agent")
    if expectation.kind == "yes_no":
        if len(entry) > LONGEST_CHOICE and entry.isdigit():
            return _heard(entry, "identify", ("digits", entry))
        return _heard(entry, {"1": "affirm", "2": "deny"}.get(entry))
    if expectation.kind == "money":
        return _amount(entry)
    if expectation.kind == "choice" and len(entry) == 1:
        return _heard(entry, "inform", ("ordinal", entry))
    digits = entry.replace("*", "")
    if not digits:
        return _heard(entry, None)
    intent = "inform" if expectation.kind != "open" else "identify"
    return _heard(digits, intent, ("digits", digits))


def _amount(entry: str) -> Understanding:
    try:
        amount = Money(Decimal(entry.replace("*", ".", 1)))
    except InvalidOperation:
        return _heard(entry, None)
    return _heard(entry, "inform", ("money", amount))


def _heard(text: str, intent: str | None, *found: tuple[str, EntityValue]) -> Understanding:
    entities = tuple(Entity(kind, value, text, 0, len(text)) for kind, value in found)
    intents = (ScoredIntent(intent, 1.0),) if intent else ()
    return Understanding(
        text or "#", intents, entities, confidence=1.0, in_scope=intent is not None
    )
