"""A bank's documents made ready to be asked: encoded once, kept in a file.

The questions that documents name, their titles and their texts are examples of their documents; a
softmax over documents is fitted on them, with one more class for what no document answers. It
knows which words part two documents, where plain nearness only knows what is alike.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from warnings import catch_warnings

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from nlu.arrays import to_bytes
from nlu.encoder.sentence import SentenceEncoder, sentence_vectors
from nlu.errors import ModelFileError
from nlu.intents.head import rounded
from nlu.locales.locale import load_locale
from nlu.mishearings import classifiable
from nlu.questions.documents import Passage, documents_hash
from nlu.questions.words import WordIndex

Floats = NDArray[np.float32]

STRENGTH = 60.0
"""Inverse of the penalty on the weights, chosen on the validation questions."""

STEPS = 46
"""How long the fit goes on. More make validation no likelier; with a bound on the steepness
instead, another processor stopped at 35, where more wrong passages are told."""

ANSWERED = 0.75
"""A line that should be outside is none where it is this near to a question of a document."""

_SCALE = 127.0
_ARRAYS = ("weights", "bias", "titles", "texts", "asked", "outside")


@dataclass(frozen=True, slots=True, eq=False)
class DocumentIndex:
    """Thread-safe; `width` is the encoder's.

    Attributes:
        passages: What may be answered.
        weights, bias: Features by documents and the class of what none answers (the last).
        titles, texts: A vector for each passage, passages by width.
        asked: A vector for each question that documents name, in the passages' order.
        outside: Vectors of questions that no document answers.
        made_of: SHA-256 of the documents.
    """

    passages: tuple[Passage, ...]
    weights: Floats
    bias: Floats
    titles: Floats
    texts: Floats
    asked: Floats
    outside: Floats
    made_of: str
    documents: NDArray[np.int_] = field(init=False, repr=False)
    words: WordIndex = field(init=False, repr=False)
    _starts: NDArray[np.int_] = field(init=False, repr=False)
    _named: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Number the documents, and find where each passage's questions begin."""
        documents = document_numbers(self.passages)
        counts = np.array([len(passage.asked) for passage in self.passages])
        object.__setattr__(self, "documents", documents)
        object.__setattr__(self, "words", word_index(self.passages))
        object.__setattr__(self, "_named", counts > 0)
        object.__setattr__(self, "_starts", (np.cumsum(counts) - counts)[counts > 0])

    def log_shares(self, features: Floats) -> tuple[Floats, float]:
        """Log probability of each passage's document, and that no document answers."""
        logits = features @ self.weights + self.bias
        logits -= logits.max()
        logits -= np.log(np.exp(logits).sum())
        return np.asarray(logits[self.documents], dtype=np.float32), float(logits[-1])

    def nearness(self, vector: Floats) -> tuple[Floats, Floats, Floats, float]:
        """Cosines with each passage's nearest question (its title without one), text and title;
        and with the nearest of what none answers."""
        titles, texts = self.titles @ vector, self.texts @ vector
        asked = titles.copy()
        if len(self.asked):
            asked[self._named] = np.maximum.reduceat(self.asked @ vector, self._starts)
        return asked, texts, titles, float((self.outside @ vector).max())

    def save(self, path: Path) -> None:
        """Write the file; the same index gives the same bytes."""
        told = {
            "made_of": self.made_of,
            "passages": [[p.source, p.title, p.text, list(p.asked)] for p in self.passages],
        }
        arrays: dict[str, NDArray[np.generic]] = {
            "weights": self.weights.astype(np.float16),
            "bias": self.bias,
        }
        for name in _ARRAYS[2:]:
            arrays[name] = np.rint(getattr(self, name) * _SCALE).astype(np.int8)
        path.write_bytes(to_bytes(arrays, {"index": json.dumps(told, ensure_ascii=False)}))

    @classmethod
    def load(cls, path: Path) -> "DocumentIndex":
        """Read an index.

        Raises:
            ModelFileError: The file is missing or is no index.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                told = json.loads(file.metadata()["index"])
                arrays = {name: file.get_tensor(name) for name in _ARRAYS}
            passages = tuple(Passage(s, t, x, tuple(asked)) for s, t, x, asked in told["passages"])
            vectors = {n: arrays[n].astype(np.float32) / _SCALE for n in _ARRAYS[2:]}
            weights = arrays["weights"].astype(np.float32)
            return cls(passages, weights, arrays["bias"], made_of=told["made_of"], **vectors)
        except FileNotFoundError as error:
            raise ModelFileError(f"{path} is missing: run `tellerline nlu train`") from error
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is no index of documents ({type(error).__name__}): remove it, or run "
                "`tellerline nlu train` where it is the packaged one"
            ) from error


def document_numbers(passages: Sequence[Passage]) -> NDArray[np.int_]:
    """A number for each passage; passages of one file (or one row of a table) have the same."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(document_of(p.source), len(numbers)) for p in passages])


def document_of(source: str) -> str:
    """The document that a passage is of."""
    return source.partition("#")[0]


def word_index(passages: Sequence[Passage]) -> WordIndex:
    """The words of the passages, their titles and questions."""
    texts = [" ".join((p.title, p.text, *p.asked)) for p in passages]
    return WordIndex.of(texts, load_locale("en"))


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Passages and what none answers, encoded: features, one row each.

    Attributes:
        asked: Of all questions that the passages name, in their order.
        outside: Of what no document answers, whose words are in `lines`.
    """

    passages: tuple[Passage, ...]
    titles: Floats
    texts: Floats
    asked: Floats
    outside: Floats
    lines: tuple[str, ...]


def encode(
    passages: Sequence[Passage], outside: Sequence[str], encoder: SentenceEncoder
) -> Encoded:
    """Encode documents; seconds for hundreds of passages.

    Args:
        passages: The documents'.
        outside: Lines that no document should answer; those that nearly ask what one of these
            documents is asked are left out.
        encoder: That encodes callers' words, too.
    """

    def features(lines: Sequence[str]) -> Floats:
        if not lines:
            return np.zeros((0, encoder.features(["-"]).shape[1]), dtype=np.float32)
        return encoder.features([classifiable(line) for line in lines])

    titles = features([p.title for p in passages])
    asked = features([question for p in passages for question in p.asked])
    others = features(outside)
    known = sentence_vectors(np.concatenate([titles, asked]))
    apart = (sentence_vectors(others) @ known.T).max(axis=1) < ANSWERED
    return Encoded(
        tuple(passages),
        titles,
        features([f"{p.title}. {p.text}" for p in passages]),
        asked,
        others[apart],
        tuple(line for line, far in zip(outside, apart.tolist(), strict=True) if far),
    )


def fit_index(made: Encoded) -> DocumentIndex:
    """Fit the softmax over documents on all that is encoded."""
    from sklearn.exceptions import ConvergenceWarning  # slow to import, and only fits need it
    from sklearn.linear_model import LogisticRegression

    numbers = document_numbers(made.passages)
    none = int(numbers.max()) + 1
    counts = [len(passage.asked) for passage in made.passages]
    rows = np.concatenate([made.titles, made.texts, made.asked, made.outside])
    truth = np.concatenate(
        [numbers, numbers, np.repeat(numbers, counts), np.full(len(made.outside), none)]
    ).astype(int)
    centre = rows.mean(axis=0, dtype=np.float64)
    model = LogisticRegression(C=STRENGTH, max_iter=STEPS, tol=0.0)
    with catch_warnings(action="ignore", category=ConvergenceWarning):
        model.fit((rows - centre).astype(np.float32), truth)
    weights = model.coef_.astype(np.float16).astype(np.float32)
    bias = (model.intercept_ - weights @ centre).astype(np.float32)
    return DocumentIndex(
        passages=made.passages,
        weights=np.ascontiguousarray(weights.T),
        bias=bias,
        titles=rounded(sentence_vectors(made.titles)),
        texts=rounded(sentence_vectors(made.texts)),
        asked=rounded(sentence_vectors(made.asked)),
        outside=rounded(sentence_vectors(made.outside)),
        made_of=documents_hash(made.passages),
    )
