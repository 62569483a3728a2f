"""The trained slot head: each word's state in the encoder to the slot that the word belongs to.

A word begins a slot, goes on with it or is outside (BIO); a slot is what such words say together.
It finds words only: exact values are the entity grammar's (`nlu/entities`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from nlu.arrays import to_bytes
from nlu.errors import ModelFileError

SLOTS_FILE = "slots.safetensors"

OUTSIDE = 0
"""The tag of a word in no slot; slot k begins with tag 2k + 1 and goes on with 2k + 2."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Words of an utterance that fill a slot.

    Attributes:
        name: The slot's.
        start, end: The first word and the word after the last, counted from 0.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class SlotHead:
    """A linear layer over the words' states.

    Attributes:
        names: Of the slots.
        weights: Widths by tags, float32: of the states that it was trained on, the last layer's
            first.
        bias: One for each tag, float32.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def read(self, words: NDArray[np.float32]) -> tuple[Slot, ...]:
        """The slots of an utterance, in order (words: their states, one row each)."""
        if not len(words):
            return ()
        states = words[:, : len(self.weights)]
        return spans(best_path(states @ self.weights + self.bias), self.names)

    def to_bytes(self) -> bytes:
        """The file's bytes: the same head gives the same bytes."""
        arrays = {"weights": self.weights, "bias": self.bias}
        return to_bytes(arrays, {"slots": json.dumps(self.names)})

    @classmethod
    def load(cls, path: Path) -> "SlotHead":
        """Read a head.

        Raises:
            ModelFileError: The file is no slot head.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                names = json.loads(file.metadata()["slots"])
                return cls(tuple(names), file.get_tensor("weights"), file.get_tensor("bias"))
        except Exception as error:  # safetensors raises its own family; a corrupt file is any
            raise ModelFileError(
                f"{path} is not a slot head ({type(error).__name__}): restore it or train again"
            ) from error


def tags_of(slots: Sequence[Slot], names: Sequence[str], count: int) -> list[int]:
    """The tag of each of so many words."""
    tags = [OUTSIDE] * count
    for slot in slots:
        first = 2 * names.index(slot.name) + 1
        tags[slot.start : slot.end] = [first] + [first + 1] * (slot.end - slot.start - 1)
    return tags


def spans(tags: Sequence[int], names: Sequence[str]) -> tuple[Slot, ...]:
    """The slots that tags tell; a tag that goes on with nothing begins a slot."""
    found: list[Slot] = []
    for place, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        name, goes_on = names[(tag - 1) // 2], tag % 2 == 0
        last = found[-1] if found else None
        if goes_on and last and last.name == name and last.end == place:
            found[-1] = Slot(name, last.start, place + 1)
        else:
            found.append(Slot(name, place, place + 1))
    return tuple(found)


def best_path(scores: NDArray[np.float32]) -> list[int]:
    """The best tags (words by tags) in which a slot goes on only where it has begun (Viterbi)."""
    count = scores.shape[1]
    allowed = np.ones((count, count), dtype=bool)  # from, to
    for inside in range(2, count, 2):
        allowed[:, inside] = False
        allowed[[inside - 1, inside], inside] = True
    closed = np.where(allowed, 0.0, -np.inf)
    total = scores[0] + closed[OUTSIDE]
    came = np.zeros(scores.shape, dtype=int)
    for place in range(1, len(scores)):
        paths = total[:, None] + closed
        came[place] = paths.argmax(axis=0)
        total = paths.max(axis=0) + scores[place]
    best = [int(total.argmax())]
    for place in range(len(scores) - 1, 0, -1):
        best.append(int(came[place][best[-1]]))
    return best[::-1]
