"""The schema of the words that the dialog itself looks for, one file per language (lexicon/)."""

import re
from functools import cached_property
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from dialog.strict_yaml import Strict


def _compiled(told: object) -> re.Pattern[str]:
    given = told if isinstance(told, list) else [told]
    pieces = [piece for piece in given if isinstance(piece, str)]
    if len(pieces) < len(given):
        raise ValueError("write a regular expression as text")
    try:
        return re.compile("|".join(pieces), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


Pattern = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
"""A regular expression, or several of which one must fit, in any case of letters."""


class Lexicon(Strict):
    """Words that the dialog itself looks for; see the file."""

    assent: frozenset[str]
    assent_beside: frozenset[str]
    wished: Pattern
    deeds_of: dict[str, frozenset[str]]
    describes_nothing: frozenset[str]
    fate: Pattern
    tag: Pattern
    present: Pattern
    adding: frozenset[str]
    doubt: frozenset[str]
    digits: dict[str, int]
    tens: frozenset[str]
    units: frozenset[str]
    secrets: frozenset[str]
    joins: frozenset[str]
    currency: frozenset[str]
    minus: frozenset[str]
    recipient: str
    kin: Pattern
    other_account: Pattern
    clauses: Pattern
    further: Pattern
    adds: Pattern
    changes: Pattern
    slots: dict[str, tuple[str, ...]]
    reset: Pattern
    other: Pattern
    swap: Pattern
    yes: frozenset[str]
    no_assent: Pattern
    unfinished: Pattern
    agrees: Pattern
    polite: str
    object: str
    restates: tuple[str, ...]
    beside_restated: frozenset[str]
    no: frozenset[str]
    retract: Pattern
    just_done: Pattern
    wants_back: Pattern
    mistaken: Pattern
    no_objection: Pattern
    everything: Pattern
    correcting: Pattern
    dropping: Pattern
    dropped_last: Pattern
    dropped_first: Pattern
    refuses: Pattern
    needless: dict[str, Pattern]
    needed: Pattern
    joints: Pattern
    reason: Pattern
    question: Pattern
    asks: Pattern
    told: dict[str, Pattern]
    all_of_it: Pattern
    instead: Pattern
    listed: frozenset[str]
    small: frozenset[str]
    beside: frozenset[str]
    foreign: dict[str, frozenset[str]]
    languages: Pattern
    meaning: Pattern
    differs: Pattern
    pointing: frozenset[str]
    negates: Pattern
    denies: Pattern
    there: Pattern
    likewise_asked: Pattern
    as_it_is: Pattern
    not_cancelled: Pattern
    leaves_out: Pattern
    addressed: Pattern
    declines: Pattern
    bye: Pattern
    leaves: Pattern
    complains: Pattern
    not_me: Pattern
    asks_why: Pattern
    asks_us_why: Pattern
    thanks: Pattern
    to_another: Pattern
    not_a_person: Pattern
    becomes: Pattern
    talks: Pattern
    none_of: Pattern
    more: Pattern
    finished: Pattern
    ends_order: Pattern
    aside: Pattern
    purpose: Pattern
    habit: Pattern
    pronouns: Pattern
    same: Pattern
    same_again: Pattern
    likewise: Pattern
    factors: dict[float, Pattern]
    weekday: Pattern
    bare_day: Pattern
    now: Pattern
    standing: Pattern
    not_yet: Pattern
    numbers: frozenset[str]
    negations: frozenset[str]
    promises: Pattern
    deeds: Pattern
    banking: Pattern

    @cached_property
    def recipient_pattern(self) -> re.Pattern[str]:
        """Finds the name of somebody who should be paid, as group 1."""
        return re.compile(self.recipient)

    @model_validator(mode="after")
    def _restates_in_patterns(self) -> Self:
        try:
            self.restated(frozenset())
        except (re.error, KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"restates, polite, object: not a regular expression: {error}"
            ) from None
        return self

    def restated(self, deeds: frozenset[str]) -> re.Pattern[str]:
        """Finds what was read back, said once more, with these words for the deed."""
        deed = "|".join(sorted(map(re.escape, deeds))) or "(?!)"
        parts = {"polite": self.polite, "object": self.object.format(deed=deed), "deed": deed}
        pieces = (piece.format(**parts) for piece in self.restates)
        return re.compile("|".join(rf"(?<![\w'])(?:{piece})(?![\w'])" for piece in pieces))

    def names_slot(self, slot: str, text: str) -> bool:
        """Whether a text names a slot."""
        words = "|".join(re.escape(word) for word in self.slots.get(slot, ()))
        return bool(words) and re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None
