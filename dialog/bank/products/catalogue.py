"""The products, as data (products.yaml)."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dialog.strict_yaml import Strict, read

Name = Annotated[str, Field(pattern=r"^[a-z_]+$")]


class Product(Strict):
    """One product; products.yaml says what each value means."""

    product: Name
    kind: Literal["savings", "fund"]
    rate: Decimal | None = None
    fee: Decimal | None = None
    risk: Annotated[int, Field(ge=1, le=4)]
    locked: int = 0
    notice: int = 0
    horizon: int = 0
    least: Decimal
    beside: Name


class Catalogue(Strict):
    """All products."""

    products: Annotated[tuple[Product, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _names_stand_for_products(self) -> "Catalogue":
        names = {one.product for one in self.products}
        if len(names) != len(self.products):
            raise ValueError("every product has a name of its own")
        if unknown := {one.beside for one in self.products} - names:
            raise ValueError(f"beside names no product: {', '.join(sorted(unknown))}")
        return self


@cache
def catalogue() -> tuple[Product, ...]:
    """The packaged products."""
    return read(Path(__file__).with_name("products.yaml"), Catalogue).products


def product(name: str) -> Product | None:
    """The product of a name, or None."""
    return next((one for one in catalogue() if one.product == name), None)
