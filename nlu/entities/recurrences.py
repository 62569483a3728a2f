"""How often something should happen: "every month", "weekly"; the value is "week" or "month"."""

from collections.abc import Iterator

from nlu.entities.phrase import Candidate, Phrase

RANK = 82
"""Above a period: "each month" is no stretch of days."""


def find_recurrences(phrase: Phrase) -> Iterator[Candidate]:
    """All mentions of a repetition."""
    place = 0
    while place < len(phrase.tokens):
        lengths = {
            value: phrase.says(place, said) for value, said in phrase.locale.dates.every.items()
        }
        value, length = max(lengths.items(), key=lambda item: item[1])
        if not length and (rate := _rate(phrase, place)):
            value, length = rate, 2
        if length:
            entity = phrase.entity("recurrence", value, place, place + length)
            yield Candidate(entity, RANK)
        place += max(length, 1)


def _rate(phrase: Phrase, place: int) -> str | None:
    """ "A hundred a month": how often, where an amount stands before it."""
    words, before = phrase.locale, phrase.word(place - 1)
    unit = words.dates.units.get(phrase.word(place + 1))
    counted = before.isdecimal() or before in words.numbers.openers or before in words.money.units
    is_rate = counted and phrase.word(place) in words.numbers.articles
    return unit if is_rate and unit in words.dates.every else None
