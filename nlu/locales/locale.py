"""Loads a language's words once; all of the code asks here and names no word itself."""

from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlu.errors import ModelFileError


class _WordLoader(yaml.SafeLoader):
    """Leaves yes, no, on and off the words that they are."""


_WordLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Words(BaseModel):
    """A mistyped key is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberWords(Words):
    """Number words and what they are worth."""

    units: dict[str, int]
    teens: dict[str, int]
    tens: dict[str, int]
    hundred: frozenset[str]
    scales: dict[str, int]
    zeros: frozenset[str]
    exclamations: frozenset[str]
    repeats: dict[str, int]
    homophones: dict[str, int]
    conjunctions: frozenset[str] = Field(alias="and")
    articles: frozenset[str] = Field(alias="a")
    implied: dict[str, int]
    vague: frozenset[str]
    half: frozenset[str]
    point: frozenset[str]
    ordinals: dict[str, int]
    ordinal_suffixes: frozenset[str]
    digit_counts: tuple[str, ...]

    @cached_property
    def openers(self) -> frozenset[str]:
        """Words that a number may begin with."""
        small = (*self.units, *self.teens, *self.tens)
        return frozenset([*small, *self.zeros, *self.articles, *self.implied])


class MoneyWords(Words):
    """Currencies and the words around a bare amount."""

    currency: str
    signs: dict[str, str]
    units: dict[str, str]
    notes: dict[str, int]
    cents: frozenset[str]
    cues: frozenset[str]
    after: frozenset[str]
    verbs: frozenset[str]
    relative: dict[str, frozenset[str]]
    raises: frozenset[str]
    steps: frozenset[str]
    shares: frozenset[str]


class DateWords(Words):
    """Months, weekdays and relative days."""

    months: dict[str, int]
    verbs: frozenset[str]
    month_abbreviations: dict[str, int]
    weekdays: dict[str, int]
    relative: dict[str, int]
    units: dict[str, str]
    ago: frozenset[str]
    every: dict[str, tuple[str, ...]]
    each: tuple[str, ...]
    alternate: frozenset[str]
    ahead: frozenset[str]
    hence: tuple[str, ...]
    last: frozenset[str]
    past: frozenset[str]
    this: frozenset[str]
    next: frozenset[str]
    coming: frozenset[str]
    since: frozenset[str]
    of: frozenset[str]
    the: frozenset[str]
    on: frozenset[str]
    within: frozenset[str] = Field(alias="in")
    between: frozenset[str]
    from_: frozenset[str] = Field(alias="from")
    and_: frozenset[str] = Field(alias="and")
    until: frozenset[str]
    first_word: str
    past_words: frozenset[str]
    ahead_words: frozenset[str]
    not_dates: frozenset[str]


class TimeWords(Words):
    """Parts of the day and of the clock."""

    am: tuple[str, ...]
    pm: tuple[str, ...]
    morning: frozenset[str]
    later: frozenset[str]
    noon: frozenset[str]
    midnight: frozenset[str]
    oclock: frozenset[str]
    half: frozenset[str]
    quarter: frozenset[str]
    past: frozenset[str]
    before: frozenset[str]
    at: frozenset[str]


class BankingWords(Words):
    """Accounts, cards, roles and what cannot be a name."""

    accounts: dict[str, tuple[str, ...]]
    cards: dict[str, tuple[str, ...]]
    not_cards: frozenset[str]
    categories: dict[str, tuple[str, ...]]
    bills: dict[str, tuple[str, ...]]
    bills_by_name: frozenset[str]
    bill_nouns: frozenset[str]
    products: dict[str, tuple[str, ...]]
    attitudes: dict[str, tuple[str, ...]]
    profile_items: dict[str, tuple[str, ...]]
    directions: dict[str, tuple[str, ...]]
    limits: dict[str, tuple[str, ...]]
    employments: dict[str, tuple[str, ...]]
    durations: dict[int, tuple[str, ...]]
    roles: dict[str, tuple[str, ...]]
    between: frozenset[str]
    percent: tuple[str, ...]
    choice_nouns: frozenset[str]
    last_word: str
    digit_cues: frozenset[str]
    not_names: frozenset[str]
    ordinary: frozenset[str]
    ordinary_endings: tuple[str, ...]


class Tags(Words):
    """Pronouns, and the verbs that make a short sentence of them: "it does"."""

    of: tuple[str, ...]
    by: tuple[str, ...]


class ToldWords(Words):
    """Somebody, what they have done, and the words with which they want it done."""

    of: frozenset[str]
    by: frozenset[str]
    unless: frozenset[str]
    denied: frozenset[str]
    orders: frozenset[str]


class AnswerWords(Words):
    """Yes, no, corrections and fillers."""

    affirm: tuple[str, ...]
    agreements: tuple[tuple[tuple[str, ...], ...], ...]
    hesitations: frozenset[str]
    tags: Tags
    deeds: tuple[str, ...]
    deny: tuple[str, ...]
    polite: tuple[str, ...]
    negations: frozenset[str]
    negation_endings: tuple[str, ...]
    corrections: tuple[str, ...]
    fillers: frozenset[str]
    clauses: frozenset[str]
    refusals: tuple[str, ...]
    told: ToldWords

    @cached_property
    def words(self) -> frozenset[str]:
        """Answers and courtesies of one word."""
        said = (*self.affirm, *self.deny, *self.polite)
        return frozenset(phrase for phrase in said if " " not in phrase)

    @cached_property
    def agreed(self) -> tuple[str, ...]:
        """Phrases of assent to what was asked."""
        parts = (product(*lists) for lists in self.agreements)
        return (*self.affirm, *self.deeds, *(" ".join(each) for made in parts for each in made))

    @cached_property
    def beside(self) -> tuple[str, ...]:
        """Phrases that say nothing of their own beside a yes or a no."""
        return (*self.polite, *(f"{of} {by}" for of in self.tags.of for by in self.tags.by))


class QuestionWords(Words):
    """Words that tell nothing of what a question is about, and endings that are cut off."""

    idle: frozenset[str]
    endings: tuple[str, ...]


class Locale(Words):
    """All words of one language."""

    numbers: NumberWords
    money: MoneyWords
    dates: DateWords
    times: TimeWords
    banking: BankingWords
    answers: AnswerWords
    questions: QuestionWords
    mishearings: dict[str, str]

    @cached_property
    def connecting(self) -> frozenset[str]:
        """Words that may stand inside of a name and alone name nobody: "Bed Bath and Beyond"."""
        return self.numbers.conjunctions | self.banking.between


@cache
def load_locale(language: str = "en") -> Locale:
    """The words of a language.

    Args:
        language: ISO 639-1 code, the name of a folder beside this file.

    Raises:
        ModelFileError: There is no such folder, or a file in it breaks the schema.
    """
    folder = Path(__file__).parent / language
    told: dict[str, Any] = {}
    for name in Locale.model_fields:
        path = folder / f"{name}.yaml"
        try:
            text = path.read_text(encoding="utf-8")
            told[name] = yaml.load(text, _WordLoader)  # noqa: S506
        except (OSError, yaml.YAMLError) as error:
            raise ModelFileError(f"{path} cannot be read: {error}") from error
    try:
        return Locale.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelFileError(f"{folder}: {where}: {first['msg']}") from error
