"""A deed that is named only to be refused: "don't block my card", "I don't want to transfer"."""

from collections.abc import Sequence

from nlu.locales.locale import AnswerWords
from nlu.text import tokenize
from nlu.understanding import ScoredIntent

CANCEL = "cancel"
DEEDS = frozenset(
    {
        "transfer",
        "block_card",
        "unblock_card",
        "bill_payment",
        "scheduled_payment",
        "direct_debit",
        "add_payee",
        "open_account",
        "close_account",
        "card_replace",
        "card_activate",
        "loan_apply",
        "loan_payment",
    }
)
"""Intents that change something, so that doing the opposite of what was said would hurt."""

CARD_DEEDS = frozenset({"block_card", "unblock_card", "card_replace", "card_activate"})
"""Of these one is named where another wish is explained: "I don't want my card to be blocked"."""

SCORE = 0.9
LEFT = 0.3


def is_refusal(text: str, words: AnswerWords) -> bool:
    """True where the text opens with words of refusal, or wants not to."""
    said = [token.text for token in tokenize(text) if token.is_word]
    openers = set(words.fillers) | set(words.polite) | words.negations
    for phrase in words.refusals:
        parts = [token.text for token in tokenize(phrase)]
        for place in range(len(said) - len(parts)):
            if said[place : place + len(parts)] == parts and (
                len(parts) > 2 or all(word in openers for word in said[:place])
            ):
                return True
    return False


def refused(intents: Sequence[ScoredIntent]) -> list[ScoredIntent]:
    """Cancelling first where the best intent is a deed; all deeds lowered."""
    if not intents or intents[0].name not in DEEDS:
        return [_lowered(i) if i.name in CARD_DEEDS else i for i in intents]
    lowered = [
        ScoredIntent(i.name, min(i.score, LEFT) if i.name in DEEDS else i.score)
        for i in intents
        if i.name != CANCEL
    ]
    return sorted([ScoredIntent(CANCEL, SCORE), *lowered], key=lambda intent: -intent.score)


def _lowered(intent: ScoredIntent) -> ScoredIntent:
    return ScoredIntent(intent.name, min(intent.score, LEFT))
