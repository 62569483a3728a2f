"""To which department a complaint or suggestion goes, and by when it is answered."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from dialog.strict_yaml import Strict, read

Words = Annotated[tuple[str, ...], Field(min_length=1)]


class Department(Strict):
    """A department, how many bank days it has, and the words that lead to it."""

    department: str
    days: Annotated[int, Field(ge=1)]
    words: Words


class First(Strict):
    """Words of callers who go before all others."""

    days: Annotated[int, Field(ge=1)]
    words: Words


class Otherwise(Strict):
    """Where everything else goes."""

    department: str
    days: Annotated[int, Field(ge=1)]


class Departments(Strict):
    """departments.yaml."""

    first: First
    departments: tuple[Department, ...]
    otherwise: Otherwise


@dataclass(frozen=True, slots=True)
class Route:
    """Where a matter goes.

    Attributes:
        department: Its name.
        due_on: The last day for an answer.
        urgent: It goes before all others.
    """

    department: str
    due_on: date
    urgent: bool


@cache
def departments() -> Departments:
    """The departments of departments.yaml."""
    return read(Path(__file__).with_name("departments.yaml"), Departments)


def route(text: str, today: date, *, first: bool = False) -> Route:
    """Read the caller's words for a department and for how urgent they are.

    Args:
        text: The words.
        today: The bank's day.
        first: The caller goes before all others, whatever the words are.
    """
    rules = departments()
    found = next((d for d in rules.departments if _says(text, d.words)), rules.otherwise)
    urgent = first or goes_first(text)
    days = min(found.days, rules.first.days) if urgent else found.days
    return Route(found.department, bank_day_after(today, days), urgent)


def goes_first(text: str) -> bool:
    """Whether the words are of somebody who goes before all others."""
    return _says(text, departments().first.words)


def bank_day_after(today: date, days: int) -> date:
    """The day that is so many weekdays later; the bank's holidays are not known here."""
    day = today
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def _says(text: str, words: tuple[str, ...]) -> bool:
    alternatives = "|".join(re.escape(word) for word in words)
    return re.search(rf"\b(?:{alternatives})\b", text, re.IGNORECASE) is not None
