"""The needs head: what would serve whoever says this, where they ask for nothing by its name.

One softmax over the needs and none, on the encoding that intents are read from. Below LEAST it
abstains: help that misses is worse than none.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.linear import LinearHead
from nlu.understanding import Need

NEEDS_FILE = "needs.safetensors"
NONE = "none"
LABELS = (
    "abroad",  # a card that works on a trip
    "borrow",  # money that is lacking
    "grow",  # savings that bring in more
    NONE,
    "pay_on_time",  # payments that nobody has to remember
    "person",  # somebody with time
    "safety",  # less that can be stolen
    "save",  # money put by
    "spend_less",  # an overview of what goes out
)

LEAST = 0.7
"""A need less likely than this is not told."""


@dataclass(frozen=True, slots=True, eq=False)
class NeedsHead:
    """The trained head."""

    linear: LinearHead

    def read(self, features: NDArray[np.float32]) -> Need | None:
        """The need behind one utterance (float32, one row of the encoder's features)."""
        shares = self.linear.probabilities(features[None, :])[0]
        best = int(shares.argmax())
        name, share = LABELS[best], float(shares[best])
        return None if name == NONE or share < LEAST else Need(name, share)

    @classmethod
    def load(cls, path: Path) -> "NeedsHead":
        """Read a head.

        Raises:
            ModelFileError: The file is missing or is no needs head.
        """
        return cls(LinearHead.load(path, LABELS))
