"""An intent model: an encoder and the head that was trained on its features, from one folder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.head import HeadAnswer, IntentHead
from nlu.mishearings import classifiable

HEAD_FILE = "intents.safetensors"
ADAPTER_FILE = "adapter.safetensors"
CARD_FILE = "card.json"


@dataclass(frozen=True, slots=True, eq=False)
class IntentModel:
    """Thread-safe and blocking.

    Attributes:
        encoder, head: As they were trained.
        version: Names the files that they came from: the beginning of their SHA-256.
    """

    encoder: SentenceEncoder
    head: IntentHead
    version: str = ""

    @classmethod
    def load(cls, folder: Path, encoder_dir: Path, threads: int = 1) -> "IntentModel":
        """Read the model of a folder.

        Args:
            folder: Holds the head and, where the encoder was tuned, its adapter.
            encoder_dir: The packaged encoder.
            threads: Threads for one utterance.

        Raises:
            ModelFileError: A file is missing or is not what it should be.
        """
        adapter = folder / ADAPTER_FILE
        encoder = SentenceEncoder(encoder_dir, threads, adapter if adapter.is_file() else None)
        head = IntentHead.load(folder / HEAD_FILE)
        files = [path for path in (folder / HEAD_FILE, adapter) if path.is_file()]
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
        return cls(encoder, head, digest.hexdigest()[:12])

    def features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' features as training and use share them, one row each."""
        return self.encoder.features([classifiable(text) for text in texts])

    def answer(self, texts: Sequence[str]) -> list[HeadAnswer]:
        """What the head says about each text."""
        return [self.head.answer(row) for row in self.features(texts)]
