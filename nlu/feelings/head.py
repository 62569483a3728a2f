"""The feelings head: a linear layer over the features that the intents are read from.

One softmax over neutral, positive, displeased, angry and distressed, with a temperature fitted on
held-out folds. It costs one small product: the utterance is encoded once for everything.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from nlu.arrays import to_bytes
from nlu.errors import ModelFileError
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
    """The trained weights.

    Attributes:
        weights: Features by LABELS, float32.
        bias: One for each label.
        temperature: Divides the logits.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float

    def read(self, features: NDArray[np.float32], prosody: Prosody | None = None) -> Feelings:
        """The feelings of one utterance (float32, one row of the encoder's features)."""
        share = dict(zip(LABELS, self.probabilities(features[None, :], prosody)[0], strict=True))
        return Feelings(
            negative=float(share[DISPLEASED] + share[ANGRY] + share[DISTRESSED]),
            positive=float(share[POSITIVE]),
            anger=float(share[ANGRY]),
            distress=float(share[DISTRESSED]),
        )

    def probabilities(
        self, features: NDArray[np.float32], prosody: Prosody | None = None
    ) -> NDArray[np.float32]:
        """Calibrated probabilities, rows by LABELS."""
        logits = (features @ self.weights + self.bias) / self.temperature
        if prosody is not None:
            logits = logits + _said(prosody)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)

    def to_bytes(self) -> bytes:
        """The file's bytes: the same head gives the same bytes."""
        told = json.dumps({"labels": LABELS, "temperature": self.temperature})
        return to_bytes({"weights": self.weights, "bias": self.bias}, {"feelings": told})

    @classmethod
    def load(cls, path: Path) -> "FeelingsHead":
        """Read a head.

        Raises:
            ModelFileError: The file is missing or is no feelings head.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                told = json.loads(file.metadata()["feelings"])
                weights, bias = file.get_tensor("weights"), file.get_tensor("bias")
            if tuple(told["labels"]) != LABELS:
                raise ValueError(f"labels {told['labels']}")
            return cls(weights, bias, float(told["temperature"]))
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is not a feelings head ({type(error).__name__}): restore it or run "
                "`tellerline nlu train`"
            ) from error


def _said(prosody: Prosody) -> NDArray[np.float32]:
    """What loudness and pace add to the logits of LABELS."""
    louder = np.clip(prosody.loudness, -_MOST_DECIBELS, _MOST_DECIBELS)
    faster = np.clip(prosody.pace - 1.0, -_MOST_PACE, _MOST_PACE)
    added = {ANGRY: LOUDER * louder, DISTRESSED: FASTER * faster}
    return np.array([added.get(label, 0.0) for label in LABELS], dtype=np.float32)
