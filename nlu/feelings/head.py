"""The feelings head: a linear layer over the features that the intents are read from.

One softmax over neutral, positive, displeased, angry and distressed, with a temperature fitted on
held-out folds. It costs one small product: the utterance is encoded once for everything.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.linear import LinearHead
from nlu.understanding import Feelings, Prosody

FEELINGS_FILE = "feelings.safetensors"
NEUTRAL, POSITIVE, DISPLEASED = "neutral", "positive", "displeased"
ANGRY, DISTRESSED = "angry", "distressed"
LABELS = tuple(sorted((NEUTRAL, POSITIVE, DISPLEASED, ANGRY, DISTRESSED)))

LOUDER, FASTER = 0.1, 2.0
"""What a decibel above the caller's own voice adds to the logit of anger, and what speaking twice
as fast adds to that of distress. No data of ours fixes them: small, and clipped, on purpose."""

_MOST_DECIBELS = 10.0
_MOST_PACE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class FeelingsHead:
    """The trained head."""

    linear: LinearHead

    def read(self, features: NDArray[np.float32], prosody: Prosody | None = None) -> Feelings:
        """The feelings of one utterance (float32, one row of the encoder's features)."""
        added = _said(prosody) if prosody is not None else 0.0
        shares = self.linear.probabilities(features[None, :], added)[0]
        share = dict(zip(LABELS, shares, strict=True))
        return Feelings(
            negative=float(share[DISPLEASED] + share[ANGRY] + share[DISTRESSED]),
            positive=float(share[POSITIVE]),
            anger=float(share[ANGRY]),
            distress=float(share[DISTRESSED]),
        )

    @classmethod
    def load(cls, path: Path) -> "FeelingsHead":
        """Read a head.

        Raises:
            ModelFileError: The file is missing or is no feelings head.
        """
        return cls(LinearHead.load(path, LABELS))


def _said(prosody: Prosody) -> NDArray[np.float32]:
    """What loudness and pace add to the logits of LABELS."""
    louder = np.clip(prosody.loudness, -_MOST_DECIBELS, _MOST_DECIBELS)
    faster = np.clip(prosody.pace - 1.0, -_MOST_PACE, _MOST_PACE)
    added = {ANGRY: LOUDER * louder, DISTRESSED: FASTER * faster}
    return np.array([added.get(label, 0.0) for label in LABELS], dtype=np.float32)
