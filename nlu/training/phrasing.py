"""Counts for `nlu.phrasing`: the corpus, and what answers to the bank's questions sound like.

The corpus holds few bare amounts, numbers and names, because they are no intents; callers say them
all the time. So sentences made of them are counted with it, drawn from a seed.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from nlu.locales.locale import NumberWords
from nlu.mishearings import classifiable
from nlu.phrasing import Gram, Phrasing, phrased, trigrams_of
from nlu.text import plain


def _words(text: str) -> list[str]:
    return text.split()


ANSWERS = 2500
"""Made sentences: half as many as the corpus has lines."""

NAMES = frozenset(
    _words(
        "anna keller tom becker hanna cole sofia rossi luis mina patel stephen maria tim moore "
        "peter miller james bob jim daniel kim novak city power greenfield rentals blue river"
    )
)
"""Words of payees' names that the corpus uses."""

_ACCOUNTS = ("checking", "savings", "my savings account", "my checking account", "my savings")
_NUMBERS = ("{digits}", "{digits}", "my number is {digits}", "it's {digits}", "yes it's {digits}")
_ORDERS = (
    "send {amount} to {name}",
    "I'd like to send {amount} to {name}",
    "pay {name} {amount}",
    "transfer {amount} to {account}",
    "move {amount} from {account} please",
    "please send {name} {amount} from {account}",
    "can you pay {amount} to {name}",
    "{amount} to {name} please",
    "no {amount}",
    "make it {amount}",
    "{amount}",
    "{amount} please",
    "to {name}",
    "{name}",
    "from {account}",
    "it's for {name}",
    "I said {amount} not {amount}",
    "the card ending in {ending}",
    "on the {day}",
    "on {month} the {day}",
    "the {day} of {month}",
)
_MONTHS = _words(
    "January February March April May June July August September October November December"
)


def fit_phrasing(utterances: Sequence[str], numbers: NumberWords, seed: int) -> Phrasing:
    """Counts of these utterances, without those that write down a mishearing, and of answers."""
    rightly = [text for text in utterances if classifiable(text) == plain(text)]
    counts: Counter[Gram] = Counter()
    for text in (*rightly, *_answers(seed)):
        counts.update(trigrams_of(phrased(text, numbers, NAMES)))
    return Phrasing.of(counts)


def _answers(seed: int) -> Iterator[str]:
    rng = random.Random(seed)  # noqa: S311
    for _ in range(ANSWERS):
        pattern = rng.choice(_ORDERS if rng.random() < 0.6 else _NUMBERS)
        yield pattern.format(
            amount=_amount(rng),
            name=" ".join(["anna"] * rng.choice((1, 1, 2))),
            account=rng.choice(_ACCOUNTS),
            digits=" ".join(["one"] * rng.choice((4, 4, 6, 8, 8))),
            ending="one one one one",
            day=" ".join(["first"] * rng.choice((1, 1, 2))),
            month=rng.choice(_MONTHS),
        )


def _amount(rng: random.Random) -> str:
    """Which number it is makes no difference, only how many words it has."""
    dollars = " ".join(["one"] * rng.choice((1, 1, 2, 2, 3, 4)))
    unit = rng.choice(("dollars", "dollars", "dollars", "bucks", ""))
    return f"{dollars} {unit}" + (" and one one cents" if unit and rng.random() < 0.2 else "")
