"""Applicants drawn at random: invented people whose groups differ as incomes and lives do.

The gaps are assumptions, written here to be argued about, not measured ones: of what has no gap a
fairness report finds nothing by construction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from dialog.bank.loans.scorecard import Applicant

TRAITS = {
    "gender": ("women", "men"),
    "origin": ("native", "immigrant"),
    "age": ("under 30", "30 to 60", "over 60"),
}
"""Groups of equal size, by trait."""

SHARES = {
    "employed": 0.68,
    "self_employed": 0.12,
    "retired": 0.1,
    "student": 0.05,
    "unemployed": 0.05,
}
"""How applicants earn their living, where their groups make no difference."""

GAPS: Mapping[str, Mapping[str, float]] = {
    "income": {"women": 0.93, "immigrant": 0.92, "under 30": 0.9, "over 60": 0.95},
    "income_seen": {"immigrant": 0.95, "under 30": 0.95},
    "reserves": {"immigrant": 0.7, "under 30": 0.5, "over 60": 1.8},
    "months_here": {"immigrant": 0.6, "under 30": 0.4, "over 60": 1.6},
    "asked_lately": {"under 30": 1.3, "over 60": 0.6},
    "employed": {"over 60": 0.5},
    "self_employed": {"women": 0.7, "immigrant": 1.3, "under 30": 0.6},
    "retired": {"under 30": 0.0, "30 to 60": 0.1, "over 60": 6.0},
    "student": {"under 30": 4.0, "30 to 60": 0.2, "over 60": 0.0},
    "unemployed": {"immigrant": 1.5, "under 30": 1.5, "over 60": 0.6},
}
"""What a group has of something, over what it would have without the gap."""

EMPLOYMENTS = tuple(SHARES)
Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One applicant."""

    amount: Decimal
    months: int
    income: float
    seen: float
    reserves: float
    months_here: int
    employment: str
    asked: int

    def values(self, monthly: Decimal) -> Applicant:
        """What the scorecard looks at, for an instalment."""
        tenth = Decimal("0.1")
        income = Decimal(str(round(self.income, 2)))
        return {
            "instalment_share": (100 * monthly / income).quantize(tenth),
            "income_seen": Decimal(str(round(self.seen, 1))),
            "reserves": (Decimal(str(round(self.reserves, 2))) / monthly).quantize(tenth),
            "months_here": Decimal(self.months_here),
            "employment": self.employment,
            "asked_lately": Decimal(self.asked),
        }


@dataclass(frozen=True, slots=True)
class Crowd:
    """Drawn applicants, their groups by trait, and what is looked at as columns of numbers."""

    applicants: tuple[Drawn, ...]
    traits: dict[str, npt.NDArray[np.str_]]
    columns: dict[str, Column]


@dataclass(frozen=True, slots=True)
class People:
    """What applicants are drawn from.

    Attributes:
        income: Median a month, in dollars.
        spread: Of the logarithm of the income.
        gaps: By what differs and by group (GAPS).
    """

    income: float = 3600.0
    spread: float = 0.45
    gaps: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: GAPS)

    def draw(self, count: int, chance: np.random.Generator) -> Crowd:
        """So many applicants."""
        traits = {trait: chance.choice(np.array(groups), count) for trait, groups in TRAITS.items()}

        def gap(name: str) -> Column:
            known = self.gaps.get(name, {})
            each = [[known.get(str(one), 1.0) for one in groups] for groups in traits.values()]
            product: Column = np.prod(np.array(each), axis=0)
            return product

        income = gap("income") * self.income * np.exp(chance.normal(0, self.spread, count))
        amount = np.clip(np.round(chance.gamma(2.0, 4000, count) + 1000, -2), 1000, 30000)
        months = chance.choice(np.array([12, 24, 36, 48, 60, 72]), count)
        seen = gap("income_seen") * np.clip(chance.normal(85, 25, count), 0, 150)
        reserves = gap("reserves") * income * chance.gamma(1.2, 1.0, count)
        here = np.floor(gap("months_here") * chance.exponential(60, count))
        shares = np.cumsum([share * gap(name) for name, share in SHARES.items()], axis=0)
        work = np.array(EMPLOYMENTS)[(shares < shares[-1] * chance.random(count)).sum(axis=0)]
        asked = chance.poisson(0.6 * gap("asked_lately"))
        applicants = tuple(
            Drawn(
                amount=Decimal(int(amount[n])),
                months=int(months[n]),
                income=max(float(income[n]), 1.0),
                seen=float(seen[n]),
                reserves=float(reserves[n]),
                months_here=int(here[n]),
                employment=str(work[n]),
                asked=int(asked[n]),
            )
            for n in range(count)
        )
        columns: dict[str, Column] = {
            "instalment_share": amount / months / income,
            "income_seen": seen,
            "reserves": reserves,
            "months_here": here,
            "asked_lately": asked.astype(np.float64),
            **{f"employment {name}": (work == name).astype(np.float64) for name in EMPLOYMENTS},
        }
        return Crowd(applicants, traits, columns)


PEOPLE = People()
