"""Chooses among the recogniser's readings the one that fits what the dialog waits for.

Readings that are spelled differently may hold the same value, and that is what counts: a value is
as sure as the share of the readings that hold it. What callers are likely to say counts for the
words around it only (docs/decisions/0029-wording.md).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from nlu.entities.checks import passes
from nlu.entities.digits import AWAITED_KINDS
from nlu.entities.extract import extract
from nlu.entities.payees import likeness
from nlu.intents.yes_no import Answer, read_answer
from nlu.locales.locale import Locale
from nlu.phrasing import Phrasing, phrased
from nlu.understanding import Context, Entity, Expectation

EXACT_TYPES = ("digits", "money", "date")
_RECIPIENTS = ("payee", "account_kind")

WORDING = 0.5
"""How much the wording counts beside the sound: the exponent of its probability."""

RIVAL = 0.05
"""Share, of the first's, from which another reading sounds enough like it to be taken for it."""

LIKELY = 0.3
"""The same for one that names a payee where the first names nobody."""

ALIKE = 0.7
"""How alike what the first says there must sound (`nlu.entities.payees.likeness`)."""

SETTLED = 0.8
"""Share of the readings from which a value needs no second opinion."""

SETTLED_DATE = 0.95
"""The same for a date: ordinals of dates sound alike ("fifth", "sixth"), and readings agree on
the wrong one more often."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text with what it holds.

    Attributes:
        confidence: The recogniser's for its words, 0 to 1.
        share: Its part of the probability of all readings; they add up to 1.
        answer: What it says for and against.
        wording: Natural logarithm of how likely callers say it in these words.
    """

    text: str
    confidence: float
    share: float
    entities: tuple[Entity, ...]
    answer: Answer
    wording: float

    def exact(self, kinds: Sequence[str] = EXACT_TYPES) -> tuple[tuple[str, object], ...]:
        """The exact values in it, with their types."""
        return tuple((e.type, e.value) for e in self.entities if e.type in kinds)


def read_all(
    text: str,
    confidence: float,
    others: Sequence[tuple[str, float]],
    context: Context,
    locale: Locale,
    phrasing: Phrasing,
) -> list[Reading]:
    """Each text once, the best first, with its entities.

    Args:
        text: The recogniser's best reading.
        confidence: How sure it is of its words.
        others: Readings and their weights; the best one may stand among them, and weighs as much
            as it is sure where it does not.
        context: What is known.
        locale: Of the language.
        phrasing: Of what callers say.
    """
    weights: dict[str, float] = {text: 0.0}
    for other, weight in others:
        weights[other] = weights.get(other, 0.0) + weight
    weights[text] = weights[text] or confidence or 1.0
    whole = sum(weights.values())
    names = {word.lower() for payee in context.payees for word in payee.split()}
    return [
        Reading(
            each,
            confidence,
            weight / whole,
            extract(each, context, locale),
            read_answer(each, locale.answers, asked=context.expectation.kind == "yes_no"),
            phrasing.log_likelihood(phrased(each, locale.numbers, names)),
        )
        for each, weight in weights.items()
    ]


def choose(readings: Sequence[Reading], expectation: Expectation) -> Reading:
    """The best reading, its exact entities as sure as the readings that hold their values.

    Args:
        readings: At least one, best first.
        expectation: What the dialog waits for.
    """
    fitting = [
        reading
        for reading in readings
        if _fits(reading, expectation) and not _is_loop(reading, readings)
    ]
    agreed = _most_agreed(fitting or readings, _kinds(expectation))
    chosen = _likeliest_worded(agreed, fitting or readings)
    # A check digit settles what the readings dispute; of two that pass it, neither is sure.
    rivals = fitting if expectation.valid and fitting else readings
    entities = tuple(_weighed(entity, rivals) for entity in chosen.entities)
    return replace(chosen, entities=entities)


def agreement(chosen: Reading, readings: Sequence[Reading], expectation: Expectation) -> float:
    """How much of the readings' probability holds the chosen one's exact values, 0 to 1."""
    kinds = _kinds(expectation)
    whole = sum(reading.share for reading in readings)
    same = sum(r.share for r in readings if r.exact(kinds) == chosen.exact(kinds))
    return same / whole if whole else 1.0


def _is_loop(reading: Reading, readings: Sequence[Reading]) -> bool:
    """Whether its digits are a likelier reading's over and over: a recogniser that ran in a loop.

    "five one zero eight" must not become 51085108 because that passes the check digit.
    """
    own = _digits(reading)
    likelier = [_digits(other) for other in readings if other.share > reading.share]
    return any(
        0 < len(once) < len(own) and own == once * (len(own) // len(once)) for once in likelier
    )


def _digits(reading: Reading) -> str:
    return "".join(str(entity.value) for entity in reading.entities if entity.type == "digits")


def is_settled(readings: Sequence[Reading], expectation: Expectation) -> bool:
    """Whether the readings agree so far on what is waited for that no more need be asked for."""
    chosen = choose(readings, expectation)
    exact = [entity for entity in chosen.entities if entity.type in _kinds(expectation)]
    if _is_exact(expectation) and not _fits(chosen, expectation):
        return False
    return all(
        _share(e, readings) >= (SETTLED_DATE if e.type == "date" else SETTLED) for e in exact
    )


def _most_agreed(readings: Sequence[Reading], kinds: Sequence[str]) -> Reading:
    masses: dict[tuple[tuple[str, object], ...], float] = defaultdict(float)
    for reading in readings:
        masses[reading.exact(kinds)] += reading.share
    return max(readings, key=lambda reading: masses[reading.exact(kinds)])


def _likeliest_worded(agreed: Reading, readings: Sequence[Reading]) -> Reading:
    """The likeliest, by sound and wording, of the readings that say the same for, against and in
    values: no wording makes a yes, a no or a value of what did not sound like one, or a plain yes
    of one with a "but". Only a payee may come where nobody is named ("send ten to time"): whoever
    is to be paid is read back."""
    if agreed.answer.plain or agreed.answer.affirms or not agreed.share:
        return agreed
    least = RIVAL * agreed.share
    rivals = [
        each
        for each in readings
        if each.share > least and not each.answer.plain and _is_alike(each, agreed)
    ]
    return max([agreed, *rivals], key=lambda each: log(each.share) + WORDING * each.wording)


def _is_alike(reading: Reading, agreed: Reading) -> bool:
    """Whether it holds what the other holds, or a payee more where the other names nobody and says
    in that place what sounds like the name."""
    if _held(reading) == _held(agreed):
        return True
    if any(entity.type in _RECIPIENTS for entity in agreed.entities):
        return False
    return (
        reading.share >= LIKELY * agreed.share
        and _held(reading, but="payee") == _held(agreed)
        and all(
            _sounds_said(agreed.text, reading.text, each.text)
            for each in reading.entities
            if each.type == "payee"
        )
    )


def _sounds_said(said: str, other: str, name: str) -> bool:
    """Whether what one text says where the other says a name sounds like it: a stranger's name, or
    "my brother", is no payee misheard."""
    parts, others = _words(name), set(_words(other))
    words = [word for word in _words(said) if word not in others]
    spans = ["".join(words[at : at + len(parts)]) for at in range(len(words) - len(parts) + 1)]
    return any(likeness(span, "".join(parts)) >= ALIKE for span in spans)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def _held(reading: Reading, but: str | None = None) -> tuple[object, ...]:
    answer, entities = reading.answer, reading.entities
    values = tuple((each.type, each.value, each.role) for each in entities if each.type != but)
    return (answer.affirms, answer.denies, answer.negated, values)


def _kinds(expectation: Expectation) -> tuple[str, ...]:
    """The types whose values matter now."""
    if expectation.kind in AWAITED_KINDS:
        return ("digits",)
    return (expectation.kind,) if expectation.kind in EXACT_TYPES else EXACT_TYPES


def _is_exact(expectation: Expectation) -> bool:
    return expectation.kind in AWAITED_KINDS or expectation.kind in EXACT_TYPES


def _fits(reading: Reading, expectation: Expectation) -> bool:
    if expectation.kind in AWAITED_KINDS:
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


def _weighed(entity: Entity, rivals: Sequence[Reading]) -> Entity:
    if entity.type == "payee":
        rivals = [each for each in rivals if each.exact(("payee",))]
    elif entity.type not in EXACT_TYPES:
        return entity
    return replace(entity, confidence=round(entity.confidence * _share(entity, rivals), 3))


def _share(entity: Entity, readings: Sequence[Reading]) -> float:
    """How much of these readings' probability holds the entity's value."""
    whole = sum(reading.share for reading in readings)
    kinds = (*EXACT_TYPES, "payee")
    mine = sum(r.share for r in readings if (entity.type, entity.value) in r.exact(kinds))
    return mine / whole if whole else 0.0
