"""The trained head: a sentence vector to scored intents, scope and the nearest examples.

Scores are a softmax with a temperature fitted on held-out folds. Whether an utterance is about
our world at all is decided on a sum of three signs: the probability that it is not out of scope,
how much nearer the nearest training utterance in scope is than the nearest out of scope, and how
near that one is at all. Each alone is weaker (docs/understanding.md has the figures).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from nlu.corpus.load import OUT_OF_SCOPE
from nlu.errors import ModelFileError
from nlu.understanding import ScoredIntent

NEAREST_SHARE = 0.5
"""Weight of the plain nearness in the scope score."""

_SCALE = 127.0


@dataclass(frozen=True, slots=True)
class Example:
    """A training utterance and its intent."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What the head says about one vector.

    Attributes:
        intents: All intents in scope, best first; probabilities that add up to 1 minus that of
            being out of scope.
        scope: The scope score; compare with `IntentHead.threshold`.
        nearest: The closest training utterances, the closest first.
    """

    intents: tuple[ScoredIntent, ...]
    scope: float
    nearest: tuple[Example, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IntentHead:
    """The committed weights.

    Attributes:
        labels: Intents' names, `out_of_scope` among them, in the order of the columns.
        weights: Width by labels, float32.
        bias: One for each label, float32.
        temperature: Divides the logits.
        threshold: Scope scores below it are out of scope.
        vectors: Training utterances by width: unit vectors times 127 as int8.
        examples: The training utterances in the order of `vectors`.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    threshold: float
    vectors: NDArray[np.int8]
    examples: tuple[Example, ...]

    def answer(self, vector: NDArray[np.float32], nearest: int = 3) -> HeadAnswer:
        """Score one unit vector (float32, one row of the encoder's width)."""
        probabilities = self.probabilities(vector[None, :])[0]
        closeness = self._closeness(vector[None, :])[0]
        outside = self.labels.index(OUT_OF_SCOPE)
        scored = [
            ScoredIntent(name, float(probabilities[place]))
            for place, name in enumerate(self.labels)
            if place != outside
        ]
        order = np.argsort(-closeness, kind="stable")[:nearest]
        return HeadAnswer(
            intents=tuple(sorted(scored, key=lambda intent: -intent.score)),
            scope=float(self.scope(vector[None, :])[0]),
            nearest=tuple(self.examples[place] for place in order),
        )

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities, rows by labels."""
        logits = (vectors @ self.weights + self.bias) / self.temperature
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)

    def scope(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scope scores, one a row: the higher, the more it is about our world."""
        outside = self.labels.index(OUT_OF_SCOPE)
        closeness = self._closeness(vectors)
        is_outside = np.array([example.intent == OUT_OF_SCOPE for example in self.examples])
        inner = closeness[:, ~is_outside].max(axis=1)
        outer = closeness[:, is_outside].max(axis=1)
        known = 1.0 - self.probabilities(vectors)[:, outside]
        return np.asarray(known + (inner - outer) + NEAREST_SHARE * inner, dtype=np.float32)

    def _closeness(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(vectors @ (self.vectors.T.astype(np.float32) / _SCALE))

    def to_bytes(self) -> bytes:
        """The file's bytes: the same head gives the same bytes."""
        told = {
            "labels": self.labels,
            "temperature": self.temperature,
            "threshold": self.threshold,
            "examples": [[example.text, example.intent] for example in self.examples],
        }
        arrays = {"weights": self.weights, "bias": self.bias, "vectors": self.vectors}
        return bytes(save(arrays, {"head": json.dumps(told, ensure_ascii=False, sort_keys=True)}))

    @classmethod
    def load(cls, path: Path) -> "IntentHead":
        """Read a head.

        Raises:
            ModelFileError: The file is missing or is not a head.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                told = json.loads(file.metadata()["head"])
                arrays = {name: file.get_tensor(name) for name in ("weights", "bias", "vectors")}
            return cls(
                labels=tuple(told["labels"]),
                temperature=float(told["temperature"]),
                threshold=float(told["threshold"]),
                examples=tuple(Example(text, intent) for text, intent in told["examples"]),
                **arrays,
            )
        except FileNotFoundError as error:
            raise ModelFileError(f"{path} is missing: run `python -m nlu.train`") from error
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is not an intent head ({type(error).__name__}): restore it or run "
                "`python -m nlu.train`"
            ) from error


def quantise(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Unit vectors as int8, for the file: cosines keep two digits."""
    return np.asarray(np.clip(np.rint(vectors * _SCALE), -127, 127), dtype=np.int8)
