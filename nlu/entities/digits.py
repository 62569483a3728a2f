"""Strings of digits with their leading zeros: customer numbers, PINs, card endings.

A run is read into elements, each with one or several spellings ("forty two" is 42 or 402; "to"
is 2 or nothing); the spelling that has the awaited length and check digit is taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from nlu.entities.cardinals import read_cardinal
from nlu.entities.checks import passes
from nlu.entities.phrase import Candidate, Phrase
from nlu.understanding import Expectation

AWAITED_KINDS = ("customer_number", "pin", "digits")
AWAITED = 90
CUED = 58
OPEN = 40
LONG = 66
"""Rank of a run that is too long for an amount, whatever is awaited."""

_SPELLINGS = 256
_JOINTS = (",", "-", ".", "/", ":", "$", ";", "…", "–")


@dataclass(frozen=True, slots=True)
class _Element:
    spellings: tuple[str, ...]
    first: int
    last: int
    single: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Digits in a row.

    Attributes:
        spellings: What it may be, the plainest reading first.
        first, last: Token places, last excluded.
        elements: How many pieces it was said in.
        spoken: True where at least three pieces are single digits.
        corrects: True where words before it take back the run before.
    """

    spellings: tuple[str, ...]
    first: int
    last: int
    elements: int
    spoken: bool
    corrects: bool


def find_digits(phrase: Phrase) -> Iterator[Candidate]:
    """Digit strings: one where they are awaited, else each run that looks like one."""
    runs = list(_runs(phrase))
    if not runs:
        return
    expectation = phrase.context.expectation
    if expectation.kind in AWAITED_KINDS:
        yield _awaited(phrase, runs, expectation)
        return
    for run in _settled(runs):
        rank = _open_rank(phrase, run)
        if rank:
            entity = phrase.entity("digits", run.spellings[0], run.first, run.last, 0.9)
            yield Candidate(entity, rank)


def _awaited(phrase: Phrase, runs: Sequence[Run], expectation: Expectation) -> Candidate:
    settled = _settled(runs)
    options = [option for run in settled for option in run.spellings]
    joined = ["".join(parts) for parts in islice(product(*(r.spellings for r in settled)), 256)]
    options = list(dict.fromkeys([*joined, *options]))
    value, confidence = _choose(options, settled, expectation)
    first, last = settled[0].first, settled[-1].last
    return Candidate(phrase.entity("digits", value, first, last, confidence), AWAITED)


def _choose(
    options: Sequence[str], runs: Sequence[Run], expectation: Expectation
) -> tuple[str, float]:
    """The spelling that passes the check, else the one of the right length, else the plainest."""
    fitting = [o for o in options if expectation.digits in (None, len(o))]
    checked = [o for o in fitting if passes(expectation.valid, o)]
    if expectation.valid and checked:
        return checked[0], 1.0 if len(checked) == 1 else 0.6
    if fitting and expectation.digits is not None:
        unsure = len(fitting) > 1 or any(run.corrects for run in runs)
        return fitting[0], (0.6 if unsure else 1.0) if not expectation.valid else 0.5
    plainest = options[0] if len(runs) == 1 else max(options, key=len)
    return plainest, 0.4 if expectation.digits is not None else 0.9


def _settled(runs: Sequence[Run]) -> list[Run]:
    """Runs after taking back what was corrected."""
    kept: list[Run] = []
    for run in runs:
        if run.corrects and kept:
            before = kept.pop()
            kept.append(_corrected(before, run))
        else:
            kept.append(run)
    return kept


def _corrected(before: Run, after: Run) -> Run:
    """A full-length correction replaces all; a shorter one may replace only the end."""
    spellings: list[str] = []
    for new in after.spellings:
        for old in before.spellings:
            if len(new) >= len(old):
                spellings.append(new)
            else:
                spellings.extend([old[: len(old) - len(new)] + new, new, old + new])
    # "four two one, no, four two two one…": the new run may also start where the old one did.
    unique = tuple(dict.fromkeys(spellings))
    return Run(unique, before.first, after.last, after.elements, after.spoken, corrects=True)


def _runs(phrase: Phrase) -> Iterator[Run]:
    place, corrects = 0, False
    while place < len(phrase.tokens):
        if counted := phrase.says(place, phrase.locale.numbers.digit_counts):
            place += counted
            continue
        elements = _elements(phrase, place)
        if not elements:
            step = phrase.says(place, phrase.locale.answers.corrections)
            corrects = corrects or step > 0
            if not step and phrase.tokens[place].is_word and not _is_filler(phrase, place):
                corrects = False
            place += max(step, 1)
            continue
        yield _run(elements, corrects)
        place, corrects = elements[-1].last, False


def _is_filler(phrase: Phrase, place: int) -> bool:
    return phrase.word(place) in phrase.locale.answers.fillers


def _run(elements: Sequence[_Element], corrects: bool) -> Run:
    spellings = dict.fromkeys(
        "".join(parts)
        for parts in islice(product(*(element.spellings for element in elements)), _SPELLINGS)
    )
    return Run(
        tuple(spelling for spelling in spellings if spelling),
        elements[0].first,
        elements[-1].last,
        len(elements),
        sum(element.single for element in elements) >= 3,
        corrects,
    )


def _elements(phrase: Phrase, place: int) -> list[_Element]:
    found: list[_Element] = []
    while place < len(phrase.tokens):
        element = _element(phrase, place, started=bool(found))
        if element is not None:
            found.append(element)
            place = element.last
        elif found and _joins(phrase, place):
            place += 1
        else:
            break
    if len(found) == 1 and phrase.word(found[0].first) in phrase.locale.numbers.exclamations:
        return []
    return found if any(len(e.spellings[0]) for e in found) else []


def _joins(phrase: Phrase, place: int) -> bool:
    word = phrase.word(place)
    if word in phrase.locale.numbers.ordinal_suffixes:
        return phrase.touches(place)
    return word in _JOINTS or (word in ("um", "uh") and place > 0)


def _element(phrase: Phrase, place: int, *, started: bool) -> _Element | None:
    words, word = phrase.locale.numbers, phrase.word(place)
    times = words.repeats.get(word)
    if times is not None:
        inner = _single(phrase, place + 1)
        return _Element((inner * times,), place, place + 2, single=True) if inner else None
    token = phrase.tokens[place]
    if token.is_digits:
        return _Element((token.text,), place, place + 1, single=len(word) == 1)
    single = _single(phrase, place)
    if single is not None and _counts_on(phrase, place):
        single = None
    if single is not None:
        return _Element((single,), place, place + 1, single=True)
    homophone = words.homophones.get(word)
    if homophone is not None:
        return _homophone(phrase, place, str(homophone), started=started)
    return _number(phrase, place)


def _single(phrase: Phrase, place: int) -> str | None:
    words, word = phrase.locale.numbers, phrase.word(place)
    if word in words.zeros:
        return "0"
    if word in words.units:
        return str(words.units[word])
    return word if len(word) == 1 and word.isdecimal() else None


def _counts_on(phrase: Phrase, place: int) -> bool:
    """True before "hundred" and "thousand": the digit begins a number."""
    following = phrase.word(place + 1)
    return following in phrase.locale.numbers.hundred or following in phrase.locale.numbers.scales


def _homophone(phrase: Phrase, place: int, digit: str, *, started: bool) -> _Element | None:
    follows = _single(phrase, place + 1) is not None or phrase.word(place + 1).isdecimal()
    follows = follows or phrase.word(place + 1) in phrase.locale.numbers.homophones
    awaited = phrase.context.expectation.kind in AWAITED_KINDS
    if started and (follows or awaited):
        return _Element((digit, ""), place, place + 1, single=True)
    if follows and awaited:
        return _Element(("", digit), place, place + 1, single=True)
    return None


def _number(phrase: Phrase, place: int) -> _Element | None:
    number = read_cardinal(phrase, place)
    if number is None or number.value != number.value.to_integral_value():
        return None
    value = int(number.value)
    spellings = [str(value)]
    if 20 < value < 100 and value % 10:
        spellings.append(f"{value - value % 10}{value % 10}")
    return _Element(tuple(spellings), place, number.last, single=False)


def _counts(phrase: Phrase, run: Run) -> bool:
    """ "Three hundred twelve sixty" counts something; nobody says digits in hundreds."""
    numbers = phrase.locale.numbers
    return any(
        phrase.word(place) in numbers.hundred or phrase.word(place) in numbers.scales
        for place in range(run.first, run.last)
    )


def _open_rank(phrase: Phrase, run: Run) -> int:
    """How much a run in open talk looks like a string of digits; 0 where it does not."""
    value = run.spellings[0]
    cued = any(
        phrase.word(place) in phrase.locale.banking.digit_cues
        for place in range(max(0, run.first - 4), run.first)
    )
    signed = phrase.word(run.first - 1) in phrase.locale.money.signs
    if signed or len(value) < 2:
        return 0
    commas = any(phrase.word(place) in (",", ".") for place in range(run.first, run.last))
    if len(value) >= 7 and not commas:
        return LONG
    if _counts(phrase, run):
        return 0
    if cued and len(value) >= 3:
        return CUED
    if (run.spoken and len(value) >= 3) or (value[0] == "0" and len(value) >= 3):
        return CUED
    if len(value) >= 5 and not commas:
        return OPEN
    plain = run.elements == 1 and phrase.word(run.first).isdecimal()
    if len(value) == 4 and (plain and phrase.word(run.first - 1) not in phrase.locale.money.cues):
        return OPEN
    hyphens = any(phrase.word(place) == "-" for place in range(run.first, run.last))
    return OPEN if hyphens and len(value) >= 4 and phrase.word(run.first).isdecimal() else 0
