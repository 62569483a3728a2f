"""Which products a customer would take: one logistic model a product over a profile's features.

Linear on purpose: what a product's score is made of can be told, feature by feature.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from dialog.bank.products.features import features, group_of, width
from dialog.bank.products.profile import Profile
from dialog.errors import BankError
from nlu.arrays import to_bytes

RANKER_FILE = Path(__file__).with_name("ranker.safetensors")
CARD_FILE = Path(__file__).with_name("ranker.json")

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product, how likely the customer would take it, and what speaks for it most.

    Attributes:
        score: 0 to 1.
        reasons: Groups of features (features.GROUPS, "goal") that raise it against the average
            customer, the strongest first.
    """

    product: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """The trained weights.

    Attributes:
        products: One row of the weights each.
        weights: Products by `features.width()`.
        bias: One a product.
        mean, spread: Of the features in training.
    """

    products: tuple[str, ...]
    weights: Matrix
    bias: Matrix
    mean: Matrix
    spread: Matrix

    def rank(self, profile: Profile) -> list[Ranked]:
        """All products, the likeliest first."""
        row = (features(profile) - self.mean) / self.spread
        parts = self.weights * row
        scores = 1 / (1 + np.exp(-(parts.sum(axis=1) + self.bias)))
        told = {name for name in ("goal", "months", "attitude") if getattr(profile, name)}
        found = [
            Ranked(name, float(scores[place]), _reasons(parts[place], told))
            for place, name in enumerate(self.products)
        ]
        return sorted(found, key=lambda one: -one.score)

    def scores(self, rows: Matrix) -> Matrix:
        """Of many profiles' features, rows by products."""
        logits = ((rows - self.mean) / self.spread) @ self.weights.T + self.bias
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def to_bytes(self) -> bytes:
        """The file's bytes: the same ranker gives the same bytes."""
        arrays = {
            "weights": self.weights,
            "bias": self.bias,
            "mean": self.mean,
            "spread": self.spread,
        }
        return to_bytes(arrays, {"products": json.dumps(self.products)})


def load_ranker(path: Path) -> Ranker:
    """Read a ranker.

    Raises:
        BankError: The file is missing, is none, or is of other features.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            products = tuple(json.loads(file.metadata()["products"]))
            arrays = {name: file.get_tensor(name) for name in ("weights", "bias", "mean", "spread")}
        found = Ranker(products, **arrays)
        if found.weights.shape != (len(products), width()):
            raise ValueError(f"weights of {found.weights.shape}")
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BankError(
            f"{path} is no ranker of this version ({type(error).__name__}): "
            "run `tellerline products train`"
        ) from error
    return found


@cache
def packaged_ranker() -> tuple[Ranker, str]:
    """The committed ranker and its version: the beginning of its file's SHA-256."""
    return load_ranker(RANKER_FILE), hashlib.sha256(RANKER_FILE.read_bytes()).hexdigest()[:12]


def _reasons(parts: Matrix, told: Collection[str]) -> tuple[str, ...]:
    """What the customer never said is no reason."""
    sums: dict[str, float] = {}
    for place, part in enumerate(parts):
        group = group_of(place)
        if group not in told and group in ("goal", "months", "attitude"):
            continue
        sums[group] = sums.get(group, 0.0) + float(part)
    raised = [(value, group) for group, value in sums.items() if value > 0]
    return tuple(group for _, group in sorted(raised, reverse=True))
