"""A small head over the encoder's features: one softmax, calibrated."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from nlu.arrays import to_bytes
from nlu.errors import ModelFileError


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """The trained weights.

    Attributes:
        labels: The names of the classes, in the order of the columns.
        weights: Features by labels, float32.
        bias: One for each label.
        temperature: Divides the logits.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float = 1.0

    def probabilities(
        self, features: NDArray[np.float32], added: NDArray[np.float32] | float = 0.0
    ) -> NDArray[np.float32]:
        """Calibrated probabilities, rows by labels.

        Args:
            features: One row each.
            added: What else speaks for each label, in logits.
        """
        logits = (features @ self.weights + self.bias) / self.temperature + added
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the file; the same head gives the same bytes."""
        told = json.dumps({"labels": self.labels, "temperature": self.temperature})
        path.write_bytes(to_bytes({"weights": self.weights, "bias": self.bias}, {"head": told}))

    @classmethod
    def load(cls, path: Path, labels: tuple[str, ...]) -> "LinearHead":
        """Read a head of these labels.

        Raises:
            ModelFileError: The file is missing or is no such head.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                told = json.loads(file.metadata()["head"])
                weights, bias = file.get_tensor("weights"), file.get_tensor("bias")
            if tuple(told["labels"]) != labels:
                raise ValueError(f"labels {told['labels']}")
            return cls(labels, weights, bias, float(told["temperature"]))
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is not a head for {', '.join(labels)} ({type(error).__name__}): restore "
                "it or run `tellerline nlu train`"
            ) from error
