"""An intent model: an encoder and the head that was trained on its features, from one folder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import numpy as np
from numpy.typing import NDArray

from nlu.encoder.sentence import SentenceEncoder
from nlu.feelings.head import FEELINGS_FILE
from nlu.intents.head import HeadAnswer, IntentHead
from nlu.mishearings import classifiable
from nlu.slots.head import SLOTS_FILE, Slot, SlotHead

HEAD_FILE = "intents.safetensors"
ADAPTER_FILE = "adapter.safetensors"
CARD_FILE = "card.json"
EXPORTED_FILE = "encoder.onnx"


@dataclass(frozen=True, slots=True, eq=False)
class IntentModel:
    """Thread-safe and blocking.

    Attributes:
        encoder, head: As they were trained.
        slot_head: Where the data named slots and the encoder was tuned; else None.
        version: Names the files that they came from: the beginning of their SHA-256.
    """

    encoder: SentenceEncoder
    head: IntentHead
    version: str = ""
    slot_head: SlotHead | None = None

    @classmethod
    def load(cls, folder: Path, encoder_dir: Path, threads: int = 1) -> "IntentModel":
        """Read the model of a folder.

        Args:
            folder: Holds the head and, where the encoder was tuned, its adapter; where the
                encoder was exported, its graph.
            encoder_dir: The packaged encoder.
            threads: Threads for one utterance.

        Raises:
            ModelFileError: A file is missing or is not what it should be.
        """
        adapter, exported = folder / ADAPTER_FILE, folder / EXPORTED_FILE
        encoder = SentenceEncoder(
            encoder_dir,
            threads,
            adapter if adapter.is_file() else None,
            exported if exported.is_file() else None,
        )
        head = IntentHead.load(folder / HEAD_FILE)
        slots = folder / SLOTS_FILE
        files = [path for path in (folder / HEAD_FILE, adapter, exported, slots) if path.is_file()]
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
        slot_head = SlotHead.load(slots) if slots.is_file() else None
        return cls(encoder, head, digest.hexdigest()[:12], slot_head)

    @staticmethod
    def export(folder: Path, encoder_dir: Path, out: Path) -> None:
        """Write a model's folder again with its encoder in 8-bit integers.

        Args:
            folder: A trained model.
            encoder_dir: The packaged encoder.
            out: The new folder.

        Raises:
            ModelFileError: A file is missing or is not what it should be.
        """
        from nlu.encoder.export import export_int8  # slow to import, and only exports need it

        IntentHead.load(folder / HEAD_FILE)
        out.mkdir(parents=True, exist_ok=True)
        for name in (HEAD_FILE, ADAPTER_FILE, SLOTS_FILE, FEELINGS_FILE, CARD_FILE):
            if (folder / name).is_file():
                copyfile(folder / name, out / name)
        adapter = folder / ADAPTER_FILE
        export_int8(encoder_dir, adapter if adapter.is_file() else None, out / EXPORTED_FILE)

    def features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' features as training and use share them, one row each."""
        return self.encoder.features([classifiable(text) for text in texts])

    def slot_places(self, text: str) -> tuple[Slot, ...]:
        """The slots of a text, counted in the words of its `classifiable` form."""
        words = classifiable(text)
        if self.slot_head is None or not words:
            return ()
        return self.slot_head.read(self.encoder.words(words))

    def slots(self, text: str) -> tuple[tuple[str, str], ...]:
        """Names and words of a text's slots; none where the model has no slot head."""
        words = classifiable(text).split()
        found = self.slot_places(text)
        return tuple((slot.name, " ".join(words[slot.start : slot.end])) for slot in found)

    def answer(self, texts: Sequence[str]) -> list[HeadAnswer]:
        """What the head says about each text."""
        return [self.head.answer(row) for row in self.features(texts)]
