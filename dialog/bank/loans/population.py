"""Applicants drawn at random: invented people whose groups differ as incomes and lives do.

The gaps are assumptions, written here to be argued about, not measured ones: without any gap a
fairness report would find nothing by construction.
"""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from dialog.bank.loans.scorecard import Applicant

EMPLOYMENTS = ("employed", "self_employed", "retired", "student", "unemployed")
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
        gaps: By trait and group, the group's median income over the others'.
    """

    income: float = 3600.0
    spread: float = 0.45
    gaps: dict[str, dict[str, float]] = field(
        default_factory=lambda: {
            "gender": {"women": 0.93, "men": 1.0},
            "origin": {"native": 1.0, "immigrant": 0.92},
            "age": {"under 30": 0.9, "30 to 60": 1.0, "over 60": 0.95},
        }
    )

    def draw(self, count: int, chance: np.random.Generator) -> Crowd:
        """So many applicants."""
        traits = {
            trait: chance.choice(np.array(list(groups)), count)
            for trait, groups in self.gaps.items()
        }
        income = self.income * np.exp(chance.normal(0, self.spread, count))
        for trait, groups in self.gaps.items():
            income *= np.array([groups[group] for group in traits[trait]])
        amount = np.clip(np.round(chance.gamma(2.0, 4000, count) + 1000, -2), 1000, 30000)
        months = chance.choice(np.array([12, 24, 36, 48, 60, 72]), count)
        seen = np.clip(chance.normal(85, 25, count), 0, 150)
        reserves = income * chance.gamma(1.2, 1.0, count)
        here = chance.integers(0, 120, count)
        work = chance.choice(np.array(EMPLOYMENTS), count, p=[0.68, 0.12, 0.1, 0.05, 0.05])
        asked = chance.poisson(0.6, count)
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
            "months_here": here.astype(np.float64),
            "asked_lately": asked.astype(np.float64),
            **{f"employment {name}": (work == name).astype(np.float64) for name in EMPLOYMENTS},
        }
        return Crowd(applicants, traits, columns)


PEOPLE = People()
