"""Is the scorecard fair? Approval rates by group on applicants drawn at random, and proxies.

Groups are never shown to the scorecard. Three questions: is a forbidden characteristic on it; are
approval rates of groups near each other (the four-fifths rule); do the points of any characteristic
tell the group so well that they stand in for it (area under the ROC curve of them alone)? How well
its values do is told beside it: what tells a group and changes nobody's points is no finding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from dialog.bank.loans.conditions import conditions
from dialog.bank.loans.population import PEOPLE, Column, People
from dialog.bank.loans.schedule import instalment
from dialog.bank.loans.scorecard import FORBIDDEN, Scorecard, assess

FOUR_FIFTHS = 0.8
"""Of the best group's approval rate: what each other group must reach (EEOC, 29 CFR 1607.4 D)."""

PROXY = 0.65
"""Area under the curve from which points stand in for a group; 0.5 tells nothing."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """How many of a group were approved, or with a person; ratio is to the best group's rate."""

    trait: str
    group: str
    applicants: int
    approved: float
    person: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Proxy:
    """How well a characteristic's points, or values, tell a group (area under the curve)."""

    trait: str
    group: str
    characteristic: str
    area: float


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """What was found; fair where nothing is in `findings`.

    proxies are of points, and may be findings; of_values are of what the points are given for.
    """

    applicants: int
    forbidden: tuple[str, ...]
    rates: tuple[GroupRate, ...]
    proxies: tuple[Proxy, ...]
    of_values: tuple[Proxy, ...]
    findings: tuple[str, ...]


def fairness(
    card: Scorecard,
    count: int,
    seed: int,
    progress: Callable[[int], None] = lambda _: None,
    people: People = PEOPLE,
) -> FairnessReport:
    """Draw applicants, assess them all, and compare the groups.

    Args:
        card: The scorecard.
        count: How many applicants.
        seed: Of the draw.
        progress: Told how many are assessed.
        people: What they are drawn from.
    """
    drawn = people.draw(count, np.random.default_rng(seed))
    outcomes, parts = [], []
    for n, one in enumerate(drawn.applicants):
        monthly = instalment(one.amount, conditions().rate(one.months), one.months)
        values = one.values(monthly)
        found = assess(values, one.amount, card)
        outcomes.append(found.outcome)
        parts.append(found.parts)
        progress(n + 1)
    forbidden = tuple(c.name for c in card.characteristics if c.name in FORBIDDEN)
    rates = tuple(
        rate for trait, groups in drawn.traits.items() for rate in _rates(trait, groups, outcomes)
    )
    points: dict[str, Column] = {
        c.name: np.array([one[c.name] for one in parts], dtype=np.float64)
        for c in card.characteristics
    }
    proxies, of_values = _proxies(drawn.traits, points), _proxies(drawn.traits, drawn.columns)
    findings = _findings(forbidden, rates, proxies)
    return FairnessReport(count, forbidden, rates, proxies, of_values, findings)


def _rates(trait: str, groups: npt.NDArray[np.str_], outcomes: Sequence[str]) -> list[GroupRate]:
    told = np.array(outcomes)
    shares = {
        group: (
            int((groups == group).sum()),
            float((told[groups == group] == "approved").mean()),
            float((told[groups == group] == "person").mean()),
        )
        for group in sorted(set(groups.tolist()))
    }
    best = max((approved for _, approved, _ in shares.values()), default=0.0) or 1.0
    return [
        GroupRate(trait, group, n, approved, person, approved / best)
        for group, (n, approved, person) in shares.items()
    ]


def _proxies(
    traits: Mapping[str, npt.NDArray[np.str_]], columns: Mapping[str, Column]
) -> tuple[Proxy, ...]:
    found = []
    for trait, groups in traits.items():
        for group in sorted(set(groups.tolist())):
            for name, values in columns.items():
                area = float(roc_auc_score(groups == group, values))
                found.append(Proxy(trait, group, name, max(area, 1 - area)))
    return tuple(found)


def _findings(
    forbidden: Sequence[str], rates: Sequence[GroupRate], proxies: Sequence[Proxy]
) -> tuple[str, ...]:
    told = [f"forbidden characteristic {name}" for name in forbidden]
    told += [
        f"{r.trait} {r.group}: {r.ratio:.2f} of the best group's approvals, under {FOUR_FIFTHS}"
        for r in rates
        if r.ratio < FOUR_FIFTHS
    ]
    told += [
        f"points of {p.characteristic} stand in for {p.trait} {p.group}: area {p.area:.2f}"
        for p in proxies
        if p.area >= PROXY
    ]
    return tuple(told)
