"""A payment that is told of, or denied, and not ordered: "I sent Tom forty five, did he get it",
"I never sent Tom forty five"."""

from collections.abc import Sequence

from nlu.locales.locale import ToldWords
from nlu.text import tokenize
from nlu.understanding import ScoredIntent

ORDERS = frozenset({"transfer", "bill_payment", "scheduled_payment"})
"""Intents that move money, which nobody wants again who tells that it was moved."""

STATUS, DISPUTE = "payment_status", "dispute"
LEFT = 0.15
_REACH = 3


def is_told(text: str, words: ToldWords) -> bool:
    """True where somebody says that they have paid, and nothing that they want to pay."""
    said = [token.text for token in tokenize(text) if token.is_word]
    if words.unless.intersection(said):
        return False
    return any(
        word in words.by and words.of.intersection(said[max(0, place - _REACH) : place])
        for place, word in enumerate(said)
    )


def is_denied(text: str, words: ToldWords) -> bool:
    """True where somebody says that they have not paid, and nothing that they want to pay."""
    said = [token.text for token in tokenize(text) if token.is_word]
    denials = [
        place
        for place, word in enumerate(said)
        if word in words.denied and words.of.intersection(said[max(0, place - _REACH) : place])
    ]
    paid = [place for place, word in enumerate(said) if word in words.by | words.orders]
    return len(paid) == 1 and any(0 < paid[0] - place < _REACH for place in denials)


def told(intents: Sequence[ScoredIntent], instead: str = STATUS) -> list[ScoredIntent]:
    """What became of a payment first (or a dispute), where the best intent is to make one."""
    if not intents or intents[0].name not in ORDERS:
        return [_lowered(intent) for intent in intents]
    rest = [_lowered(intent) for intent in intents if intent.name != instead]
    first = ScoredIntent(instead, intents[0].score)
    return [first, *sorted(rest, key=lambda intent: -intent.score)]


def _lowered(intent: ScoredIntent) -> ScoredIntent:
    score = min(intent.score, LEFT) if intent.name in ORDERS else intent.score
    return ScoredIntent(intent.name, score)
