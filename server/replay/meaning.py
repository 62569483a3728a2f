"""How near an answer comes to a meaning, by the sentence encoder that understands callers."""

import re
from functools import lru_cache
from pathlib import Path

from nlu.encoder.sentence import SentenceEncoder


class Meaning:
    """Compares sentences; the encoder is loaded when the first is asked for.

    Args:
        encoder_dir: Folder of the sentence encoder.
    """

    def __init__(self, encoder_dir: Path) -> None:
        self._encoder = lru_cache(lambda: SentenceEncoder(encoder_dir))

    def alike(self, wanted: str, answer: str) -> float:
        """Cosine of the wanted sentence and the answer's nearest one, or the whole; -1 to 1."""
        sentences = [part for part in re.split(r"(?<=[.?!])\s+", answer.strip()) if part]
        if not sentences:
            return -1.0
        vectors = self._encoder().encode([wanted, answer, *sentences])
        return float((vectors[1:] @ vectors[0]).max())
