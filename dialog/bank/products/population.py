"""Customers drawn at random, with a goal in words and the product that they would take.

What they would take follows from written assumptions (goals.yaml and the weights below) and chance,
so that a ranker can be trained before there is any feedback; they are assumptions to be argued
about, not measurements. Real answers join them (fit.py, `tellerline products train --feedback`).
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from dialog.bank.products.catalogue import Product, catalogue
from dialog.bank.products.profile import Profile
from dialog.strict_yaml import Strict, read

Share = Annotated[float, Field(ge=0)]
Lines = Annotated[tuple[str, ...], Field(min_length=2)]
Part = Literal["training", "fitting", "validation", "held_out"]
"""Whose words: of those that the ranker learns from, or is measured by; the strength of its
penalty is chosen by validation, which fitting does not see."""


class Goal(Strict):
    """What people save for; goals.yaml says what each value means."""

    goal: str
    months: tuple[int, int]
    access: Share
    risk: Share
    lines: Lines
    held_out: Lines


class Goals(Strict):
    """goals.yaml."""

    goals: tuple[Goal, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A customer, the product that they took, and the one that suited them best but for chance."""

    profile: Profile
    taken: str
    best: str


RETURN, RISK, TIME, ACCESS, POOR = 0.9, 1.5, 1.6, 2.2, 3.0
"""What a percent of return, a step of risk off the mark, a year too long, a year without access and
a lack of money count for in a choice."""
EXPECTED = {2: 4.4, 3: 5.6, 4: 6.6}
"""Return that people expect of a fund, in percent a year, by its risk."""
UNTOLD = 0.2
"""Share of those who do not say a goal, and of those who do not say for how long."""


@cache
def goals() -> tuple[Goal, ...]:
    """The packaged goals."""
    return read(Path(__file__).with_name("goals.yaml"), Goals).goals


def draw(count: int, seed: int, part: Part = "training") -> list[Drawn]:
    """So many customers, who speak in the lines of one part."""
    chance = np.random.default_rng(seed)
    return [_one(chance, part) for _ in range(count)]


def lines_of(goal: Goal, part: Part) -> Lines:
    """How people of a part name a goal: fitting and validation share training's lines out."""
    if part == "held_out":
        return goal.held_out
    if part == "training":
        return goal.lines
    is_validation = part == "validation"
    return tuple(s for n, s in enumerate(goal.lines) if (n % 4 == 0) == is_validation)


def _one(chance: np.random.Generator, part: Part) -> Drawn:
    goal = goals()[int(chance.integers(len(goals())))]
    months = int(chance.integers(goal.months[0], goal.months[1] + 1))
    attitude = int(chance.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    income = float(np.exp(chance.normal(8.1, 0.45)))
    spending = income * float(np.clip(chance.normal(0.8, 0.15), 0.3, 1.1))
    savings = income * float(chance.gamma(1.2, 3.0))
    said = str(chance.choice(np.array(lines_of(goal, part))))
    profile = Profile(
        savings=_money(savings),
        checking=_money(income * float(chance.gamma(1.5, 0.4))),
        income=_money(income),
        spending=_money(spending),
        saving=_money(max(income - spending, 0) * float(chance.beta(2, 2))),
        flexible=float(chance.beta(2, 5)),
        attitude=attitude,
        months=None if chance.random() < UNTOLD else months,
        goal="" if chance.random() < UNTOLD else said,
        consented=True,
    )
    wanted = np.array([_utility(one, goal, profile, months) for one in catalogue()])
    taken = wanted + chance.gumbel(0, 0.8, len(wanted))
    names = [one.product for one in catalogue()]
    return Drawn(profile, names[int(np.argmax(taken))], names[int(np.argmax(wanted))])


def _utility(product: Product, goal: Goal, profile: Profile, months: int) -> float:
    fits = 1.0 + goal.risk * (profile.attitude or 1) + (months > 84) * 0.5
    rate = float(product.rate) if product.rate is not None else EXPECTED[product.risk]
    free = float(profile.savings + profile.checking - 3 * profile.spending)
    waits = product.locked / 12 + product.notice / 90
    return (
        RETURN * rate
        - RISK * abs(product.risk - fits)
        - TIME * max(product.horizon - months, 0) / 12
        - ACCESS * (goal.access + 0.5 * profile.flexible) * waits
        - POOR * (free < float(product.least))
    )


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))
