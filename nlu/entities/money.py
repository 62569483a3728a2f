"""Amounts of money as people say them and as recognisers write them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from nlu.entities.amounts import CENT, VAGUE, join
from nlu.entities.cardinals import Cardinal, read_cardinal, read_cardinals
from nlu.entities.phrase import Candidate, Phrase
from nlu.understanding import Money

EXPLICIT = 60
"""Rank of an amount whose currency is said."""
AWAITED = 59
"""Above a spoken string of digits, below a long one."""
BARE = 20

_LIMIT = Decimal(10**9)
LAST_DAY = 31
COUNTED = 4
"""A number below this before "of" counts what comes after it."""
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""A bare number from the one to before the other may be a year."""


@dataclass(frozen=True, slots=True)
class _Read:
    amount: Decimal
    currency: str
    first: int
    last: int
    confidence: float


def find_money(phrase: Phrase) -> Iterator[Candidate]:
    """All amounts; a bare number is one where money is awaited or where its neighbours say so."""
    place = 0
    while place < len(phrase.tokens):
        if (past := _past_part(phrase, place)) > place:
            place = past
            continue
        read = _signed(phrase, place) or _spoken(phrase, place) or _only_cents(phrase, place)
        rank = EXPLICIT
        if read is None:
            read = _bare(phrase, place)
            rank = AWAITED if phrase.context.expectation.kind == "money" else BARE
        if read is None or not 0 <= read.amount < _LIMIT or not _is_exact(read.amount):
            place += _stride(phrase, place)
            continue
        value = Money(read.amount.quantize(CENT), read.currency)
        entity = phrase.entity("money", value, read.first, read.last, read.confidence)
        if read.confidence == VAGUE:
            entity = replace(entity, ambiguous=True, other=_other_reading(value))
        yield Candidate(entity, rank)
        place = read.last


def _other_reading(value: Money) -> Money:
    """Of "six thirty five": $635 or $6.35."""
    in_cents = value.amount != value.amount.to_integral_value() or value.amount < 100
    other = value.amount * 100 if in_cents else value.amount / 100
    return replace(value, amount=other.quantize(CENT))


def _is_exact(amount: Decimal) -> bool:
    return amount == amount.quantize(CENT)


def _past_part(phrase: Phrase, place: int) -> int:
    """The place after figures that are only a part of a number that is not read, or the same
    place: "half a dollar", "point oh one", "60,00": to ask again is better than a wrong amount."""
    words, before = phrase.locale.numbers, phrase.word(place - 1)
    if before in words.half and phrase.word(place) in words.articles:
        numbers = read_cardinals(phrase, place)
        return numbers[-1].last if numbers else place + 1
    numbers = read_cardinals(phrase, place)
    if not numbers:
        return place
    pointed = before == "." and phrase.touches(place) and not _is_end(phrase, place - 1)
    if before in words.point or pointed:
        return numbers[-1].last
    last = numbers[-1].last
    parts = read_cardinals(phrase, last + 1) if phrase.word(last) in words.point else []
    if parts and _pointed(phrase, numbers) is None:
        return parts[-1].last
    return _past_comma(phrase, last) or place


def _is_end(phrase: Phrase, place: int) -> bool:
    """Whether a full stop ends a word: "yes.50"."""
    return phrase.touches(place) and phrase.tokens[place - 1].is_word


def _past_comma(phrase: Phrase, place: int) -> int:
    """The place after figures behind a comma that groups no thousands, or 0."""
    comma, figures = phrase.word(place) == "," and phrase.touches(place), phrase.touches(place + 1)
    if not (comma and figures and phrase.tokens[place + 1].is_digits):
        return 0
    return _past_comma(phrase, place + 2) or place + 2


def _stride(phrase: Phrase, place: int) -> int:
    """Past a whole number, so that no amount begins in the middle of one."""
    number = read_cardinal(phrase, place)
    return number.last - place if number else 1


def _signed(phrase: Phrase, place: int) -> _Read | None:
    """ "$1,234.56", "$2 million", "$12 and 5 cents"."""
    currency = phrase.locale.money.signs.get(phrase.word(place))
    if currency is None:
        return None
    number = read_cardinal(phrase, place + 1)
    if number is None:
        return None
    last = number.last + (phrase.word(number.last) in phrase.locale.money.units)
    return _torn(phrase, number.value, currency, place, last) or _with_cents(
        phrase, number.value, currency, place, last, 1.0
    )


def _torn(phrase: Phrase, amount: Decimal, currency: str, first: int, last: int) -> _Read | None:
    """ "$500 and $79": how recognisers write "five hundred and seventy-nine dollars"."""
    joined = phrase.word(last) in phrase.locale.numbers.conjunctions
    signed = phrase.locale.money.signs.get(phrase.word(last + 1)) == currency
    rest = read_cardinal(phrase, last + 2) if joined and signed else None
    if rest is None or amount == 0 or amount % 100 != 0 or not 0 < rest.value < 100:
        return None
    return _Read(amount + rest.value, currency, first, rest.last, 0.7)


def _spoken(phrase: Phrase, place: int) -> _Read | None:
    """ "fifty bucks", "one twenty five dollars", "a dollar fifty"."""
    numbers = read_cardinals(phrase, place)
    if not numbers:
        return _one_unit(phrase, place)
    currency = phrase.locale.money.units.get(phrase.word(numbers[-1].last))
    pointed = _pointed(phrase, numbers)
    if pointed is not None:
        amount, last = pointed
        currency = phrase.locale.money.units.get(phrase.word(last))
        return None if currency is None else _Read(amount, currency, place, last + 1, 0.9)
    if currency is None:
        return None
    joined = join(numbers, whole=True)
    if joined is None:
        return None
    last = numbers[-1].last + 1
    return _with_cents(phrase, joined[0], currency, place, last, joined[1])


def _one_unit(phrase: Phrase, place: int) -> _Read | None:
    if (note := phrase.locale.money.notes.get(phrase.word(place))) is not None:
        return _Read(Decimal(note), phrase.locale.money.currency, place, place + 1, 0.9)
    currency = phrase.locale.money.units.get(phrase.word(place + 1))
    if currency is None or phrase.word(place) not in phrase.locale.numbers.articles:
        return None
    return _with_cents(phrase, Decimal(1), currency, place, place + 2, 0.9)


def _with_cents(
    phrase: Phrase, amount: Decimal, currency: str, first: int, last: int, confidence: float
) -> _Read:
    """Adds "and five cents" or "fifty" behind a whole amount."""
    plain = _Read(amount, currency, first, last, confidence)
    if amount != amount.to_integral_value():
        return plain
    joined = phrase.word(last) in phrase.locale.numbers.conjunctions
    start = last + (joined or phrase.word(last) == ",")
    number = read_cardinal(phrase, start)
    if number is None or number.grouped or not 0 <= number.value < 100:
        return plain
    if phrase.word(number.last) in phrase.locale.money.cents:
        cents = amount + number.value * CENT
        return _Read(cents, currency, first, number.last + 1, confidence)
    goes_on = {word for role in ("to", "from") for word in phrase.locale.banking.roles[role]}
    ends = phrase.word(number.last) in {"", ".", ",", "?", "!", *goes_on}
    if start == last and ends and number.value >= 10 and phrase.word(start - 1) != ",":
        return _Read(amount + number.value * CENT, currency, first, number.last, 0.8)
    return plain


def _only_cents(phrase: Phrase, place: int) -> _Read | None:
    number = read_cardinal(phrase, place)
    if number is None or phrase.word(number.last) not in phrase.locale.money.cents:
        return None
    currency = phrase.locale.money.currency
    return _Read(number.value * CENT, currency, place, number.last + 1, 1.0)


def _pointed(phrase: Phrase, numbers: list[Cardinal]) -> tuple[Decimal, int] | None:
    """ "twelve point five oh": the amount and the place after it."""
    last = numbers[-1].last
    if phrase.word(last) not in phrase.locale.numbers.point:
        return None
    whole, parts = join(numbers, whole=True), read_cardinals(phrase, last + 1)
    if whole is None or not parts or any(part.value >= 100 for part in parts):
        return None
    figures = "".join(part.digits or str(int(part.value)) for part in parts)
    if len(figures) > 2 or whole[0] != whole[0].to_integral_value():
        return None
    return whole[0] + Decimal(f"0.{figures}"), parts[-1].last


def _bare(phrase: Phrase, place: int) -> _Read | None:
    numbers = read_cardinals(phrase, place)
    exclaims = phrase.word(place) in phrase.locale.numbers.exclamations
    if not numbers or (exclaims and len(numbers) == 1):
        return None
    expectation = phrase.context.expectation
    currency = phrase.locale.money.currency
    pointed = _pointed(phrase, numbers)
    if pointed is not None:
        return _Read(pointed[0], currency, place, pointed[1], 0.8)
    joined = join(numbers, whole=False)
    if joined is None:
        return None
    last = numbers[-1].last
    if expectation.kind == "money":
        if joined[0] == 1 and not _is_alone(phrase, place, last):
            return None
        return _Read(joined[0], currency, place, last, joined[1])
    if expectation.kind in ("customer_number", "pin", "digits", "time", "period"):
        return None
    if expectation.kind == "date" and not (_is_cued(phrase, place) and joined[0] > LAST_DAY):
        return None
    return _by_neighbours(phrase, numbers, joined, currency)


def _is_alone(phrase: Phrase, first: int, last: int) -> bool:
    """ "One", and not "the other one" or "one with wings"."""
    before, after = phrase.word(first - 1), phrase.word(last)
    return not (before.isalpha() and before not in phrase.locale.money.cues) and not (
        after.isalpha() and after not in phrase.locale.money.after
    )


def _by_neighbours(
    phrase: Phrase, numbers: list[Cardinal], joined: tuple[Decimal, float], currency: str
) -> _Read | None:
    """A bare number in open talk is an amount unless it counts something or strings digits."""
    first, last = numbers[0].first, numbers[-1].last
    words, before, after = phrase.locale.money, phrase.word(first - 1), phrase.word(last)
    beside = "money" in phrase.context.expectation.beside
    if any(number.digits.startswith("0") for number in numbers) or joined[0] == 0:
        strung = before in phrase.locale.numbers.openers
        return (
            None
            if joined[0] or strung or not beside
            else _Read(joined[0], currency, first, last, 0.7)
        )
    if after and after[0].isalnum() and after not in words.after and not _is_step(phrase, last):
        return None
    if joined[0] < COUNTED and after in phrase.locale.dates.of:
        return None  # "one of your advisors"
    if after in ("%", "/", ":", "-") or before in ("/", ":", "-"):
        return None
    cued = _is_cued(phrase, first) or _follows_name(phrase, first) or _after_payee(phrase, first)
    cued = cued or _is_large(phrase, numbers, joined[0])
    if before and before[0].isalpha() and not (cued or beside):
        return None
    if joined[0] == 1 and (
        not cued or before not in words.cues or before in phrase.locale.banking.between
    ):
        return None
    return _Read(joined[0], currency, first, last, min(joined[1], 0.8 if cued else 0.7))


def _is_cued(phrase: Phrase, place: int) -> bool:
    """ "Make fifty", "make that fifty", "send him fifty"."""
    words, before, earlier = phrase.locale.money, phrase.word(place - 1), phrase.word(place - 2)
    if before in words.cues | words.verbs:
        return True
    return before.isalpha() and (
        earlier in words.verbs
        or (earlier in words.cues and before in phrase.locale.banking.between)
    )


def _is_large(phrase: Phrase, numbers: list[Cardinal], amount: Decimal) -> bool:
    """ "Eight thousand" and "five grand", which are no year."""
    places = range(numbers[0].first, numbers[-1].last)
    scaled = any(phrase.word(place) in phrase.locale.numbers.scales for place in places)
    return scaled and not FIRST_YEAR <= amount < LAST_YEAR


def _is_step(phrase: Phrase, place: int) -> bool:
    """ "Twenty more", and not "two more things"."""
    words, following = phrase.locale.money, phrase.word(place + 1)
    relative = any(phrase.word(place) in said for said in words.relative.values())
    return relative and (
        not following[:1].isalnum() or following in words.after or following in words.units
    )


def _follows_name(phrase: Phrase, place: int) -> bool:
    """ "pay Hanna 20": a word that may be a name, with a verb of paying before it."""
    before = phrase.word(place - 1)
    named = before in _names(phrase)
    if not named and (not before.isalpha() or before in phrase.locale.banking.not_names):
        return False
    verbs = phrase.locale.money.verbs
    return any(phrase.word(at) in verbs for at in range(max(0, place - 10), place - 1))


def _after_payee(phrase: Phrase, place: int) -> bool:
    """ "Let Hanna have 20", "Hanna gets 20", and not "call Hanna at 5"."""
    shared = phrase.word(place - 1) in phrase.locale.money.shares
    return shared and phrase.word(place - 2) in _names(phrase)


def _names(phrase: Phrase) -> set[str]:
    """The parts of the payees' names, without words that connect them."""
    parts = {part for name in phrase.context.payees for part in name.lower().split()}
    return parts - phrase.locale.connecting
