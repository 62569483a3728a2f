"""A scorecard that can be read by whoever answers for it, and that says why (scorecard.yaml).

What it may look at is a closed list; nothing of who somebody is is on it (fairness.py looks for
what stands in for that).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dialog.strict_yaml import Strict, read

Name = Literal[
    "instalment_share", "income_seen", "reserves", "months_here", "employment", "asked_lately"
]
FORBIDDEN = frozenset(
    ("age", "gender", "name", "origin", "nationality", "language", "religion", "address", "health")
)
"""What a decision about money must not look at; none of it is a Name, and a test holds that."""

Applicant = Mapping[Name, Decimal | str]
Outcome = Literal["approved", "declined", "person"]
REASONS_TOLD = 2


class Band(Strict):
    """Points of values under a bound, or (without one) of all others."""

    under: Decimal | None = None
    points: int


class Characteristic(Strict):
    """What is looked at, and the points of its bands or values."""

    name: Name
    bands: tuple[Band, ...] = ()
    values: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_complete(self) -> "Characteristic":
        if bool(self.bands) == bool(self.values):
            raise ValueError("a characteristic has either bands or values")
        bounds = [band.under for band in self.bands]
        if bounds and (None in bounds[:-1] or bounds[-1] is not None):
            raise ValueError("every band but the last has a bound, and the last has none")
        known = [bound for bound in bounds if bound is not None]
        if known != sorted(set(known)):
            raise ValueError("the bounds of the bands rise")
        return self

    @property
    def best(self) -> int:
        """The most points that it can give."""
        return max([band.points for band in self.bands] or self.values.values())

    def points(self, value: Decimal | str) -> int:
        """The points of a value; one of a list that is not on it gives the fewest."""
        if isinstance(value, str):
            return self.values.get(value, min(self.values.values(), default=0))
        return next(b.points for b in self.bands if b.under is None or value < b.under)


class Scorecard(Strict):
    """scorecard.yaml."""

    approve: int
    decline_under: int
    most_instalment_share: Decimal
    person_from: Decimal
    characteristics: Annotated[tuple[Characteristic, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the scorecard says, and why.

    Attributes:
        outcome: "approved", "declined", or "person": somebody looks at it.
        points: The sum.
        parts: The points of each characteristic.
        reasons: The characteristics that cost the most points, the worst first.
    """

    outcome: Outcome
    points: int
    parts: Mapping[str, int]
    reasons: tuple[str, ...]


def assess(applicant: Applicant, amount: Decimal, card: Scorecard) -> Assessment:
    """Hold an applicant against the scorecard."""
    parts: dict[str, int] = {c.name: c.points(applicant[c.name]) for c in card.characteristics}
    lost: dict[str, int] = {c.name: c.best - parts[c.name] for c in card.characteristics}
    worst = sorted((name for name in lost if lost[name] > 0), key=lambda name: -lost[name])
    share = applicant["instalment_share"]
    too_much = isinstance(share, Decimal) and share > card.most_instalment_share
    points = sum(parts.values())
    outcome = _outcome(points, amount, card)
    reasons: tuple[str, ...] = tuple(worst[:REASONS_TOLD])
    if too_much:
        outcome, reasons = "declined", ("instalment_share",)
    return Assessment(outcome, points, parts, reasons)


def _outcome(points: int, amount: Decimal, card: Scorecard) -> Outcome:
    if points < card.decline_under:
        return "declined"
    return "person" if points < card.approve or amount >= card.person_from else "approved"


@cache
def scorecard() -> Scorecard:
    """The packaged scorecard."""
    return read(Path(__file__).with_name("scorecard.yaml"), Scorecard)
