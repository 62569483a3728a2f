"""How surely a passage answers a question: a logistic regression on signs of the pair.

The signs say nothing about which document it is, so that a bank's own folder needs no training:
how much the softmax over documents gives it, and how much to none; how near its questions, text and
title are, how many of the telling words it holds, how near the question is to what none answers.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

from nlu.arrays import to_bytes
from nlu.encoder.sentence import sentence_vectors
from nlu.errors import ModelFileError
from nlu.questions.index import DocumentIndex, Floats

QUESTIONS_FILE = "questions.safetensors"

_LEAST = -12.0
"""Log probabilities below this tell no more, nor do differences beyond it."""


def signs(index: DocumentIndex, features: Floats, question: str) -> Floats:
    """What speaks for each passage, passages by signs.

    Args:
        index: The documents.
        features: The question's, one row of the encoder's.
        question: Its words.
    """
    vector = sentence_vectors(features[None, :])[0]
    shares, none = index.log_shares(features)
    asked, texts, titles, outside = index.nearness(vector)
    words = index.words.shares(question)
    logs = np.maximum(shares, _LEAST)
    each = np.ones_like(logs)
    length = float(np.log1p(len(question.split())))
    columns = [logs, asked, texts, titles, words, np.exp(shares), each * max(none, _LEAST)]
    columns += [np.clip(shares - none, _LEAST, -_LEAST), each * math.exp(none)]
    return np.stack([*columns, asked - outside, each * outside, each * length], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class MatchHead:
    """A logistic regression: gives the probability that a passage answers the question.

    Attributes:
        weights: One for each sign.
        bias: Of the answer.
        threshold: Questions whose best passage is below it are not answered.
    """

    weights: Floats
    bias: float
    threshold: float = 0.5

    def probabilities(self, rows: Floats) -> Floats:
        """The match score of each pair (pairs by signs), 0 to 1."""
        return np.asarray(1.0 / (1.0 + np.exp(-(rows @ self.weights + self.bias))), np.float32)

    def save(self, path: Path) -> None:
        """Write the file; the same head gives the same bytes."""
        told = {"bias": self.bias, "threshold": self.threshold}
        path.write_bytes(
            to_bytes({"weights": self.weights}, {"match": json.dumps(told, sort_keys=True)})
        )

    @classmethod
    def load(cls, path: Path) -> "MatchHead":
        """Read a head.

        Raises:
            ModelFileError: The file is missing or is no such head.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                told = json.loads(file.metadata()["match"])
                return cls(file.get_tensor("weights"), **told)
        except FileNotFoundError as error:
            raise ModelFileError(f"{path} is missing: run `tellerline nlu train`") from error
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is no match head ({type(error).__name__}): run `tellerline nlu train`"
            ) from error
