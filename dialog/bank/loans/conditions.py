"""What the bank lends, as conditions.yaml says."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from dialog.strict_yaml import Strict, read


class Bounds(Strict):
    """From the least to the most, both included."""

    least: int
    most: int


class Rate(Strict):
    """The yearly rate in percent of loans of at most so many months."""

    months: int
    rate: Decimal


class Conditions(Strict):
    """conditions.yaml."""

    amount: Bounds
    months: Bounds
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]
    documents: dict[str, tuple[str, ...]]

    def rate(self, months: int) -> Decimal:
        """The yearly rate in percent.

        Raises:
            ValueError: No loan runs that long.
        """
        for band in self.rates:
            if months <= band.months:
                return band.rate
        raise ValueError(f"no loan runs {months} months; the longest runs {self.months.most}")

    def fits(self, amount: Decimal, months: int) -> bool:
        """Whether such a loan is given at all."""
        lends = self.amount.least <= amount <= self.amount.most
        return lends and self.months.least <= months <= self.months.most


@cache
def conditions() -> Conditions:
    """The packaged conditions."""
    return read(Path(__file__).with_name("conditions.yaml"), Conditions)
