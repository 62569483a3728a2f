"""A bare slot value: an utterance that is nothing but entities and small words."""

from collections.abc import Sequence

from nlu.locales.locale import Locale
from nlu.text import tokenize
from nlu.understanding import Entity

SCORE = 0.95
INFORM = "inform"


def is_bare(text: str, entities: Sequence[Entity], locale: Locale) -> bool:
    """True where only fillers, role words and words between them are left beside the entities.

    A negation is more than a value: "not savings" corrects something.
    """
    if not entities:
        return False
    small = set(locale.answers.fillers) | set(locale.banking.between)
    small |= locale.banking.digit_cues | locale.dates.on | locale.dates.the
    small |= {"please", *(word for said in locale.banking.roles.values() for word in said)}
    # "Sure, it's 4821" gives a value; the assent before it stays beside it with a low score.
    small |= {said for said in locale.answers.affirm if len(said.split()) == 1}
    small -= locale.answers.negations | set(locale.banking.roles["not"])
    left = [
        token.text
        for token in tokenize(text)
        if (token.is_word or token.is_digits)
        and not any(e.start <= token.start and token.end <= e.end for e in entities)
    ]
    return all(word in small for word in left)
