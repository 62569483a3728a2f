"""What a language says for written things, read from `voice/spoken/<code>.yaml`."""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice.errors import VoiceError

_FOLDER = Path(__file__).parent


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Numbers(_Part):
    """Words around numbers."""

    remove: list[str]
    digits: Annotated[list[str], Field(min_length=10, max_length=10)]
    minus: str
    plus: str
    point: str
    range: str
    over: str
    percent: str
    number: str
    ordinal_suffixes: list[str]
    fractions: dict[str, str]
    number_signs: list[str]


class DigitStrings(_Part):
    """Words after which digits are said one by one."""

    always: list[str]
    from_three: list[str]
    between: list[str]


class Currency(_Part):
    """One currency's signs and words."""

    symbols: list[str]
    codes: list[str]
    one: str
    many: str
    part_one: str
    part_many: str


class Money(_Part):
    """Currencies and how an amount is put together."""

    with_part: str
    currencies: list[Currency]
    magnitudes: dict[str, str]
    part_signs: list[str]


class Dates(_Part):
    """Months, weekdays and the order of a date."""

    order: Literal["mdy", "dmy"]
    full: str
    short: str
    month_year: str
    months: Annotated[list[str], Field(min_length=12, max_length=12)]
    abbreviations: dict[str, int]
    weekdays: Annotated[list[str], Field(min_length=7, max_length=7)]
    before_year: list[str]
    before_date: list[str]


class Times(_Part):
    """Words of the clock."""

    am: str
    pm: str
    oh: str
    hour: str
    am_marks: list[str]
    pm_marks: list[str]


class TitleOrPlace(_Part):
    """An abbreviation that is a title before a name and a place after one."""

    title: str
    place: str


class Language(_Part):
    """Everything that differs between languages in saying written text."""

    num2words: str
    sample: str
    numbers: Numbers
    digit_strings: DigitStrings
    money: Money
    dates: Dates
    times: Times
    links: dict[str, str]
    symbols: dict[str, str]
    per: dict[str, str]
    per_word: str
    literal: dict[str, str]
    abbreviations: dict[str, str]
    titles: dict[str, str]
    places_or_titles: dict[str, TitleOrPlace]
    initialisms: list[str]
    letters: dict[str, str]

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """Compiled patterns by name, filled by the files that use them."""
        return {}

    def pattern(self, name: str, source: str, flags: int = 0) -> re.Pattern[str]:
        """The compiled pattern of that name; compiled from `source` the first time."""
        if name not in self.patterns:
            self.patterns[name] = re.compile(source, flags)
        return self.patterns[name]


def any_of(words: Iterable[str]) -> str:
    """A pattern that matches any of the words, the longest first."""
    return "(?:" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + ")"


@lru_cache
def load_language(code: str) -> Language:
    """Read a language.

    Args:
        code: ISO 639-1, such as "en".

    Raises:
        VoiceError: there is no such language or its file is wrong; the message says where.
    """
    path = _FOLDER / f"{code}.yaml"
    if not code.isalpha() or not path.is_file():
        known = ", ".join(sorted(p.stem for p in _FOLDER.glob("*.yaml")))
        raise VoiceError(f"no spoken form for language {code!r}: there is {known}; add {path.name}")
    try:
        return Language.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise VoiceError(f"{path} is not a language file: {error}") from error
