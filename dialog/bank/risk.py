"""Risk rules as data: what of a transfer they look at, and what they decide (risk.yaml)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from dialog.errors import NeedsPerson, Refused
from dialog.strict_yaml import Strict, read

RULES = Path(__file__).with_name("risk.yaml")
OUTCOMES = ("allow", "code", "approval", "person", "refuse")
"""From the weakest to the strongest."""

Feature = Literal[
    "to",
    "amount",
    "paid_today",
    "paid_payee_today",
    "payments_in_hour",
    "payee_days",
    "share",
    "hour",
    "days",
    "usual",
    "mood",
]
Matter = Literal[
    "payee",
    "own",
    "unblock",
    "activate",
    "replace",
    "cash",
    "purchases",
    "trip",
    "loan",
    "call_back",
    "dispute",
    "survey",
    "consent",
    "profile",
]
"""What is ordered: a transfer to a payee or an own account, or another kind of order."""
Feels = Literal["calm", "angry", "distressed", "was_upset"]
"""How the caller feels (dialog/mood.py)."""
WORDS: Mapping[str, tuple[str, ...]] = {"to": get_args(Matter), "mood": get_args(Feels)}
"""The features that are words, with all that they may be; the others are numbers."""
Features = Mapping[Feature, Decimal | str]
"""The values of one transfer; one that is not known is left out, and no rule applies to it."""


class Range(Strict):
    """A value over and under something; neither bound belongs to it."""

    over: Decimal | None = None
    under: Decimal | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> "Range":
        if self.over is None and self.under is None:
            raise ValueError("a range has over, under or both")
        return self

    def holds(self, value: Decimal) -> bool:
        """Whether the value lies in it."""
        above = self.over is None or value > self.over
        return above and (self.under is None or value < self.under)


class Rule(Strict):
    """One rule: where all conditions hold, its outcome is called for."""

    rule: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    when: Annotated[dict[Feature, Range | str], Field(min_length=1)]
    then: Literal["code", "approval", "person", "refuse"]

    @field_validator("when")
    @classmethod
    def _known_values(cls, when: dict[Feature, Range | str]) -> dict[Feature, Range | str]:
        for feature, value in when.items():
            known = WORDS.get(feature)
            if known is None and not isinstance(value, Range):
                raise ValueError(f"{feature} is a number: give a range, over or under, not {value}")
            if known is not None and value not in known:
                raise ValueError(f"{feature} is never {value}: give one of {', '.join(known)}")
        return when

    def applies(self, features: Features) -> bool:
        """Whether all of its conditions hold."""
        return all(self._holds(c, features.get(name)) for name, c in self.when.items())

    @staticmethod
    def _holds(condition: Range | str, value: Decimal | str | None) -> bool:
        if isinstance(condition, Range):
            return isinstance(value, Decimal) and condition.holds(value)
        return condition == value


class RuleFile(Strict):
    """A file of rules."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a transfer, and why.

    Attributes:
        outcome: The strongest called for: "allow", "code", "approval", "person" or "refuse".
        rules: Those that applied, the strictest first: it is the one that callers are told of.
        features: What they were held against.
    """

    outcome: str
    rules: tuple[str, ...]
    features: Features

    @property
    def weight(self) -> int:
        """How strict the outcome is."""
        return OUTCOMES.index(self.outcome)

    def explained(self) -> dict[str, object]:
        """For the audit."""
        values = {name: str(value) for name, value in self.features.items()}
        return {"outcome": self.outcome, "rules": list(self.rules), "values": values}


def judge(rules: Sequence[Rule], features: Features) -> Verdict:
    """Hold a transfer against the rules."""
    applied = [rule for rule in rules if rule.applies(features)]
    applied.sort(key=lambda rule: OUTCOMES.index(rule.then), reverse=True)
    outcome = applied[0].then if applied else "allow"
    return Verdict(outcome, tuple(rule.rule for rule in applied), features)


def needs_code(verdict: Verdict) -> bool:
    """Whether a one-time code comes first; what two people approve needs one, too."""
    return verdict.outcome in ("code", "approval")


def require_allowed(verdict: Verdict) -> None:
    """Refuse what the rules do not allow; a code may still be needed.

    Raises:
        Refused, NeedsPerson: A rule forbids it.
    """
    if verdict.outcome == "refuse":
        raise Refused(verdict.rules)
    if verdict.outcome == "person":
        raise NeedsPerson(verdict.rules)


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file.

    Raises:
        FlowError: The file is missing or wrong; names file, line and cure.
    """
    return read(path, RuleFile).rules


@cache
def packaged_rules() -> tuple[Rule, ...]:
    """The rules of risk.yaml."""
    return read_rules(RULES)
