"""Account and card kinds, percentages and choices by their place in a list."""

from collections.abc import Iterator, Mapping

from nlu.entities.calendar import read_day
from nlu.entities.cardinals import read_cardinals
from nlu.entities.phrase import Candidate, Phrase

KIND = 50
BILL = 55
PERCENT = 62
AWAITED = 74
"""Above a day that is counted from today."""
ORDINAL = 25


def find_kinds(phrase: Phrase) -> Iterator[Candidate]:
    """Account and card kinds with the recogniser's usual mis-hearings; categories of spending."""
    banking = phrase.locale.banking
    yield from _named(phrase, "account_kind", banking.accounts)
    yield from _named(phrase, "category", banking.categories)
    yield from _named(phrase, "direction", banking.directions)
    yield from _named(phrase, "limit_kind", banking.limits)
    yield from _named(phrase, "employment", banking.employments)
    yield from _named(phrase, "product", banking.products)
    beside = phrase.context.expectation.beside
    if "attitude" in beside:
        yield from _named(phrase, "attitude", banking.attitudes)
    if "profile_item" in beside:
        yield from _named(phrase, "profile_item", banking.profile_items)
    for candidate in _named(phrase, "card_kind", banking.cards):
        after = next((t.text for t in phrase.tokens if t.start >= candidate.entity.end), "")
        if after not in banking.not_cards:
            yield candidate


def _named(
    phrase: Phrase, kind: str, phrases: Mapping[str, tuple[str, ...]]
) -> Iterator[Candidate]:
    place = 0
    while place < len(phrase.tokens):
        lengths = {value: phrase.says(place, said) for value, said in phrases.items()}
        value, length = max(lengths.items(), key=lambda item: item[1])
        if length:
            yield Candidate(phrase.entity(kind, value, place, place + length), KIND)
        place += max(length, 1)


def find_bills(phrase: Phrase) -> Iterator[Candidate]:
    """ "The electricity bill"; where a bill is asked for, "the gas one": what it is for."""
    banking = phrase.locale.banking
    asked = "bill_kind" in phrase.context.expectation.beside
    for place in range(len(phrase.tokens)):
        for kind, said in banking.bills.items():
            length = phrase.says(place, said)
            noun = phrase.word(place + length) in banking.bill_nouns
            # A card is named for many things, and a bill of one says so.
            if length and (noun or (asked and kind not in banking.bills_by_name)):
                entity = phrase.entity("bill_kind", kind, place, place + length + noun)
                yield Candidate(entity, BILL)


def find_durations(phrase: Phrase) -> Iterator[Candidate]:
    """ "three years", "36 months", "a year and a half" is not read; the value is months as text.
    Where one is awaited, "in three years" is no day."""
    rank = AWAITED if phrase.context.expectation.kind == "duration" else PERCENT
    for place in range(len(phrase.tokens)):
        numbers = read_cardinals(phrase, place)
        if len(numbers) != 1 or numbers[0].value != int(numbers[0].value):
            continue
        for months, names in phrase.locale.banking.durations.items():
            length = phrase.says(numbers[0].last, names)
            if length:
                value = str(int(numbers[0].value) * months)
                entity = phrase.entity("duration", value, place, numbers[0].last + length)
                yield Candidate(entity, rank)


def find_percents(phrase: Phrase) -> Iterator[Candidate]:
    """ "two and a half percent", "3.5%"; the value is a Decimal of percent."""
    for place in range(len(phrase.tokens)):
        numbers = read_cardinals(phrase, place)
        if len(numbers) != 1:
            continue
        last = numbers[0].last
        value = numbers[0].value
        if phrase.word(last) in phrase.locale.numbers.point:
            parts = read_cardinals(phrase, last + 1)
            if not parts or any(part.value >= 100 for part in parts):
                continue
            figures = "".join(part.digits or str(int(part.value)) for part in parts)
            value, last = value + type(value)(f"0.{figures}"), parts[-1].last
        length = phrase.says(last, phrase.locale.banking.percent)
        if length:
            yield Candidate(phrase.entity("percent", value, place, last + length), PERCENT)


def _is_time(phrase: Phrase, place: int) -> bool:
    """ "One second", and no place in a list."""
    before, numbers = phrase.word(place - 1), phrase.locale.numbers
    return before in numbers.articles or before in numbers.units


def find_ordinals(phrase: Phrase) -> Iterator[Candidate]:
    """ "the second one", "first": the value is its number as text, "-1" for the last."""
    banking = phrase.locale.banking
    expectation = phrase.context.expectation
    alone = expectation.kind == "choice"
    # "No, the second": a choice that was read back and is made anew.
    anew = expectation.kind == "yes_no" and "ordinal" in expectation.beside
    for place in range(len(phrase.tokens)):
        led = phrase.word(place) in phrase.locale.dates.the
        if phrase.word(place + led) == banking.last_word:
            read: tuple[int, int] | None = (-1, place + led + 1)
        else:
            day = read_day(phrase, place + led)
            read = (day[0], day[1]) if day and day[2] else None
        if read is None or (not led and _is_time(phrase, place)):
            continue
        noun = phrase.word(read[1]) in banking.choice_nouns
        if noun or alone or (anew and led):
            entity = phrase.entity("ordinal", str(read[0]), place, read[1] + noun, 0.9)
            yield Candidate(entity, ORDINAL)
