"""What may be recommended to whom, as rules in a file (suitability.yaml)."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dialog.bank.products.catalogue import Product
from dialog.bank.products.profile import Profile
from dialog.bank.risk import Range
from dialog.strict_yaml import Strict, read

Feature = Literal[
    "risk",
    "attitude",
    "months",
    "locked",
    "horizon",
    "notice",
    "missing",
    "over_locked",
    "over_horizon",
    "reserve_share",
]
FULL = Decimal(999)
"""A reserve of whoever spends nothing, in percent."""


class Rule(Strict):
    """Where all conditions hold, a product is not recommended."""

    rule: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    when: Annotated[dict[Feature, Range], Field(min_length=1)]


class Suitability(Strict):
    """suitability.yaml."""

    consent_days: Annotated[int, Field(ge=1)]
    declined_days: Annotated[int, Field(ge=0)]
    reserve_months: Annotated[int, Field(ge=0)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


@cache
def suitability() -> Suitability:
    """The packaged rules."""
    return read(Path(__file__).with_name("suitability.yaml"), Suitability)


def against(product: Product, profile: Profile) -> tuple[str, ...]:
    """The rules that keep a product from a customer; none where it suits them."""
    values = _values(product, profile)
    return tuple(
        rule.rule
        for rule in suitability().rules
        if all(limits.holds(values[name]) for name, limits in rule.when.items())
    )


def _values(product: Product, profile: Profile) -> Mapping[Feature, Decimal]:
    reserve = suitability().reserve_months * profile.spending
    held = profile.savings + profile.checking
    months = Decimal(profile.months or 0)
    return {
        "risk": Decimal(product.risk),
        "attitude": Decimal(profile.attitude or 1),
        "months": months,
        "locked": Decimal(product.locked),
        "horizon": Decimal(product.horizon),
        "notice": Decimal(product.notice + 30 * product.locked),
        "missing": product.least - max(held - reserve, Decimal(0)),
        "over_locked": product.locked - months,
        "over_horizon": product.horizon - months,
        "reserve_share": 100 * held / reserve if reserve else FULL,
    }
