"""Keeping PINs and customer numbers out of everything that is shown or written down.

A digit string of four or more digits is masked, whether written ("4821", "48 21") or spoken ("four
eight two one", also with "and" within), unless it is an amount with its currency, an asked amount,
or a date. Where a secret is named ("my PIN is ...") all but amounts with their currency are masked,
and where one was asked for every digit and number word. One "•" stands for one digit or word, so
that the mask does not tell the digits by the length of their names.
"""

import re
from dataclasses import dataclass, replace
from itertools import zip_longest

from dialog.words import Lexicon
from nlu.understanding import Entity, Expectation, Understanding

MASK = "•"
SECRET_DIGITS = 4
"""Digit strings from this length on could be a PIN or a number."""

_TOKEN = re.compile(r"\d|[^\W\d_]+(?:'[^\W\d_]+)?|\$")
_SAFE = frozenset({"money", "date", "time", "period", "percent"})


@dataclass(frozen=True, slots=True)
class _Part:
    """A digit or a number word: where it stands, and how many digits it is."""

    start: int
    end: int
    digits: int


def mask_text(
    text: str, expectation: Expectation, lexicon: Lexicon, safe: tuple[Entity, ...] = ()
) -> str:
    """A text with its secrets masked.

    Args:
        text: What was heard.
        expectation: What had been asked.
        lexicon: The number words of the language.
        safe: Entities found in the text; amounts and dates among them may be shown.
    """
    return _Masked(text, _parts(text, expectation, lexicon, safe)).text


def mask(understanding: Understanding, expectation: Expectation, lexicon: Lexicon) -> Understanding:
    """What was understood with its secrets masked, in the text and in the entities; without the
    other readings and a model's own slots, which hold them, too."""
    parts = _parts(understanding.text, expectation, lexicon, understanding.entities)
    masked = _Masked(understanding.text, parts)
    # What lies near a secret may look like it.
    nearest = () if parts or expectation.secret else understanding.nearest
    entities = tuple(_mask_entity(e, masked, expectation) for e in understanding.entities)
    return replace(
        understanding, text=masked.text, entities=entities, nearest=nearest, slots=(), rivals=()
    )


def mask_for_later(understanding: Understanding, lexicon: Lexicon) -> Understanding:
    """An order that waits for its turn, masked as what nobody asked for; its amounts, days and
    whatever else is no string of digits keep their values, which are acted upon."""
    shown = mask(understanding, Expectation(), lexicon)
    entities = tuple(
        masked if entity.type == "digits" else replace(masked, value=entity.value)
        for masked, entity in zip(shown.entities, understanding.entities, strict=True)
    )
    return replace(shown, entities=entities)


def _mask_entity(entity: Entity, masked: "_Masked", expectation: Expectation) -> Entity:
    start, end = masked.place(entity.start), masked.place(entity.end)
    text = masked.text[start:end]
    hidden = masked.hides(entity.start, entity.end) or (
        entity.type == "digits" and _is_secret(entity, expectation)
    )
    if not hidden:
        return replace(entity, start=start, end=end, text=text)
    value = MASK * (len(str(entity.value)) if entity.type == "digits" else SECRET_DIGITS)
    return replace(entity, start=start, end=end, text=text or MASK, value=value)


class _Masked:
    """A text with parts replaced, and where each place of the old text is in the new one."""

    def __init__(self, text: str, parts: list[_Part]) -> None:
        self._parts = parts
        pieces, at = [], 0
        for part in parts:
            pieces += [text[at : part.start], MASK]
            at = part.end
        self.text = "".join([*pieces, text[at:]])

    def place(self, at: int) -> int:
        """Where an offset of the old text is in the new one."""
        return at - sum(
            min(at, part.end) - part.start - len(MASK) for part in self._parts if part.end <= at
        )

    def hides(self, start: int, end: int) -> bool:
        """Whether anything between two offsets of the old text was masked."""
        return any(part.start < end and start < part.end for part in self._parts)


def _parts(
    text: str, expectation: Expectation, lexicon: Lexicon, entities: tuple[Entity, ...]
) -> list[_Part]:
    """The digits and number words to be masked, and whatever else was read as digits."""
    hidden = _number_parts(text, expectation, lexicon, entities)
    for part in _read_as_digits(text, expectation, entities):
        if not any(h.start < part.end and part.start < h.end for h in hidden):
            hidden.append(part)
    return sorted(hidden, key=lambda part: part.start)


def _read_as_digits(
    text: str, expectation: Expectation, entities: tuple[Entity, ...]
) -> list[_Part]:
    """The words of a secret string of digits, homophones too ("for ate to won")."""
    secret = (e for e in entities if e.type == "digits" and _is_secret(e, expectation))
    return [
        _Part(entity.start + token.start(), entity.start + token.end(), 1)
        for entity in secret
        for token in _TOKEN.finditer(text[entity.start : entity.end])
    ]


def _is_secret(entity: Entity, expectation: Expectation) -> bool:
    return expectation.secret or len(str(entity.value)) >= SECRET_DIGITS


def _number_parts(
    text: str, expectation: Expectation, lexicon: Lexicon, entities: tuple[Entity, ...]
) -> list[_Part]:
    runs = _runs(text, lexicon)
    if expectation.secret:
        return [part for run in runs for part in run]
    if any(_root(token) in lexicon.secrets for token in _TOKEN.findall(text)):
        return [part for run in runs if not _is_price(text, run, lexicon) for part in run]
    left = [run for run in runs if not _is_shown(text, run, expectation, lexicon, entities)]
    joined = _joined(text, left, lexicon, entities)
    long = (run for run in joined if sum(part.digits for part in run) >= SECRET_DIGITS)
    return [part for run in long for part in run]


def _joined(
    text: str, runs: list[list[_Part]], lexicon: Lexicon, entities: tuple[Entity, ...]
) -> list[list[_Part]]:
    """Runs with nothing but joining words between them are one, unless they are one amount."""
    joined: list[list[_Part]] = []
    for run in runs:
        start = joined[-1][-1].end if joined else 0
        between = [token.lower() for token in _TOKEN.findall(text[start : run[0].start])]
        amount = any(e.type in _SAFE and e.start < start and run[0].start < e.end for e in entities)
        if joined and lexicon.joins.issuperset(between) and not amount:
            joined[-1] += run
        else:
            joined.append(list(run))
    return joined


def _is_shown(
    text: str,
    run: list[_Part],
    expectation: Expectation,
    lexicon: Lexicon,
    entities: tuple[Entity, ...],
) -> bool:
    """Whether a digit string is an amount or a date for certain."""
    if _is_price(text, run, lexicon):
        return True
    start, end = run[0].start, run[-1].end
    for entity in entities:
        if entity.start < end and start < entity.end and entity.type in _SAFE:
            return entity.type != "money" or expectation.kind == "money"
    return False


def _is_price(text: str, run: list[_Part], lexicon: Lexicon) -> bool:
    """Whether a currency stands beside a digit string."""
    around = _TOKEN.findall(text[: run[0].start])[-1:] + _TOKEN.findall(text[run[-1].end :])[:1]
    return any(token.lower() in lexicon.currency for token in around)


def _root(token: str) -> str:
    """A word without what "is" leaves of itself: "pin" of "PIN's"."""
    return token.lower().partition("'")[0]


def _runs(text: str, lexicon: Lexicon) -> list[list[_Part]]:
    """Digits and number words that stand together, with no other word between them.

    A ten is one digit before a unit, else two: "eighty forty two" is 8042.
    """
    runs: list[list[_Part]] = []
    open_run = False
    tokens = list(_TOKEN.finditer(text))
    for token, after in zip_longest(tokens, tokens[1:]):
        word = token.group().lower()
        digits = 1 if word.isdigit() else lexicon.digits.get(word, 0)
        if word in lexicon.tens:
            digits = 1 if after and after.group().lower() in lexicon.units else 2
        if digits:
            part = _Part(token.start(), token.end(), digits)
            if open_run:
                runs[-1].append(part)
            else:
                runs.append([part])
        open_run = bool(digits)
    return runs
