"""How often something should happen: "every month", "each Friday"; the value is "week", "month", or
"other" where it is neither; "once" where it is said to be none."""

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
        if not length and (day := _each_weekday(phrase, place)):
            value, length = day
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


def _each_weekday(phrase: Phrase, place: int) -> tuple[str, int] | None:
    """ "Each" of "each Friday", which leaves the day a date; "every other Friday" is neither."""
    words = phrase.locale.dates
    length = phrase.says(place, words.each)
    if not length:
        return None
    at = place + length
    if phrase.word(at) in words.weekdays:
        return "week", length
    skips = phrase.word(at) in phrase.locale.numbers.ordinals or phrase.word(at) in words.alternate
    return ("other", length + 1) if skips and phrase.word(at + 1) in words.weekdays else None
