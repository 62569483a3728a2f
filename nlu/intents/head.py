"""The trained head: a sentence's features to scored intents, scope and the nearest examples.

Scores are a softmax with a temperature fitted on held-out lines (a sigmoid for each intent, where
one utterance may hold several). Where held-out lines show that it helps, the training lines vote
beside the classifier: each for its intent, the nearer the more.

Whether an utterance is about our world at all is decided on a sum of three signs: the probability
that it is not out of scope, how much nearer the nearest training utterance in scope is than the
nearest out of scope, and how near that one is at all. Each alone is weaker (docs/understanding.md
has the figures). With few examples out of scope the largest probability of an intent helps, too:
its weight comes from held-out lines. Data without any such example leave that probability and
three times the nearness. Votes have no part in it: they make an unknown line surer than it is.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from nlu.arrays import to_bytes
from nlu.corpus.load import OUT_OF_SCOPE
from nlu.encoder.sentence import sentence_vectors
from nlu.errors import ModelFileError
from nlu.understanding import ScoredIntent

NEAREST_SHARE = 0.5
"""Weight of the plain nearness in the scope score,"""

NEAREST_ALONE = 3.0
"""and where no example is out of scope, beside the largest probability."""

VOTE_SHARPNESS = 40.0
"""A training line's vote is e to this times its cosine."""

_NEVER = 1e-30
_SCALE = 127.0


@dataclass(frozen=True, slots=True)
class Example:
    """A training utterance and its intent."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What the head says about one utterance.

    Attributes:
        intents: All intents in scope, best first; probabilities that add up to 1 minus that of
            being out of scope (or stand alone, where several may hold).
        scope: The scope score; compare with `IntentHead.threshold`.
        nearest: The closest training utterances, the closest first.
    """

    intents: tuple[ScoredIntent, ...]
    scope: float
    nearest: tuple[Example, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IntentHead:
    """The trained weights.

    Attributes:
        labels: Intents' names, `out_of_scope` among them, in the order of the columns.
        weights: Features by labels, float32.
        bias: One for each label, float32.
        vectors: Training utterances by width: sentence vectors, float32, rounded as the file
            keeps them (`rounded`).
        examples: The training utterances in the order of `vectors`.
        temperature: Divides the logits.
        threshold: Scope scores below it are out of scope.
        several: True where one utterance may hold several intents.
        cut: Where several may hold: those at least this probable do.
        vote: Weight of the training lines' vote beside the classifier's logits; 0 has none.
        sure: Weight of the largest probability in the scope score, beside the other signs.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    vectors: NDArray[np.float32]
    examples: tuple[Example, ...]
    temperature: float = 1.0
    threshold: float = 0.0
    several: bool = False
    cut: float = 0.5
    vote: float = 0.0
    sure: float = 0.0
    _outside: NDArray[np.bool_] = field(init=False, repr=False)
    _order: NDArray[np.intp] = field(init=False, repr=False)
    _starts: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Note which training utterances are out of scope, and where each intent's are."""
        names = np.array([example.intent for example in self.examples])
        order = np.argsort(names, kind="stable")
        starts = np.searchsorted(names[order], self.labels)
        object.__setattr__(self, "_outside", names == OUT_OF_SCOPE)
        object.__setattr__(self, "_order", order)
        object.__setattr__(self, "_starts", starts)

    def answer(self, features: NDArray[np.float32], nearest: int = 3) -> HeadAnswer:
        """Score one utterance (float32, one row of the encoder's features)."""
        row = features[None, :]
        closeness = self.closeness(row)
        probabilities = self._probabilities(row, closeness)
        scored = [
            ScoredIntent(name, float(probability))
            for name, probability in zip(self.labels, probabilities[0], strict=True)
            if name != OUT_OF_SCOPE
        ]
        closest = np.argpartition(-closeness[0], min(nearest, closeness.shape[1] - 1))[:nearest]
        order = closest[np.argsort(-closeness[0][closest], kind="stable")]
        return HeadAnswer(
            intents=tuple(sorted(scored, key=lambda intent: -intent.score)),
            scope=float(self._scope(row, closeness)[0]),
            nearest=tuple(self.examples[place] for place in order),
        )

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The classifier's scores, without vote and temperature, rows by labels."""
        return np.asarray(features @ self.weights + self.bias, dtype=np.float32)

    def votes(self, closeness: NDArray[np.float32]) -> NDArray[np.float32]:
        """The training lines' vote, rows by labels: the log of each intent's mean.

        Args:
            closeness: Of rows with the training lines, as `closeness` gives it.
        """
        strength = np.exp(VOTE_SHARPNESS * (closeness[:, self._order] - 1.0))
        sums = np.add.reduceat(strength, self._starts, axis=1)
        counts = np.diff(self._starts, append=len(self._order))
        return np.asarray(np.log(sums / counts + _NEVER), dtype=np.float32)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities, rows by labels."""
        return self._probabilities(features, self.closeness(features))

    def _probabilities(
        self, features: NDArray[np.float32], closeness: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        logits = self.logits(features)
        if self.vote:
            logits = logits + self.vote * self.votes(closeness)
        return self._calibrated(logits)

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = logits / self.temperature
        if self.several:
            return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float32)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)

    def scope(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scope scores, one a row: the higher, the more it is about our world."""
        return self._scope(features, self.closeness(features))

    def closeness(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of the sentence vectors with those of the training utterances."""
        return np.asarray(sentence_vectors(features) @ self.vectors.T)

    def _scope(
        self, features: NDArray[np.float32], closeness: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        probabilities = self._calibrated(self.logits(features))
        inner = closeness[:, ~self._outside].max(axis=1)
        if not self._outside.any():
            sure = probabilities.max(axis=1)
            return np.asarray(sure + NEAREST_ALONE * inner, dtype=np.float32)
        outer = closeness[:, self._outside].max(axis=1)
        strange = self.labels.index(OUT_OF_SCOPE)
        known = 1.0 - probabilities[:, strange]
        signs = known + (inner - outer) + NEAREST_SHARE * inner
        if self.sure:
            signs = signs + self.sure * np.delete(probabilities, strange, axis=1).max(axis=1)
        return np.asarray(signs, dtype=np.float32)

    def to_bytes(self) -> bytes:
        """The file's bytes: the same head gives the same bytes."""
        told: dict[str, object] = {
            "labels": self.labels,
            "temperature": self.temperature,
            "threshold": self.threshold,
            "several": self.several,
            "cut": self.cut,
            "examples": [[example.text, example.intent] for example in self.examples],
        }
        told |= {name: value for name in ("vote", "sure") if (value := getattr(self, name))}
        vectors = np.rint(self.vectors * _SCALE).astype(np.int8)
        arrays = {"weights": self.weights, "bias": self.bias, "vectors": vectors}
        return to_bytes(arrays, {"head": json.dumps(told, ensure_ascii=False, sort_keys=True)})

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
            arrays["vectors"] = arrays["vectors"].astype(np.float32) / _SCALE
            return cls(
                labels=tuple(told["labels"]),
                temperature=float(told["temperature"]),
                threshold=float(told["threshold"]),
                several=bool(told["several"]),
                cut=float(told["cut"]),
                vote=float(told.get("vote", 0.0)),
                sure=float(told.get("sure", 0.0)),
                examples=tuple(Example(text, intent) for text, intent in told["examples"]),
                **arrays,
            )
        except FileNotFoundError as error:
            raise ModelFileError(f"{path} is missing: run `tellerline nlu train`") from error
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is not an intent head ({type(error).__name__}): restore it or run "
                "`tellerline nlu train`"
            ) from error


def rounded(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors as the file keeps them, in 1/127: cosines keep two digits."""
    steps = np.clip(np.rint(vectors * _SCALE), -127, 127).astype(np.float32)
    return np.asarray(steps / _SCALE, dtype=np.float32)
