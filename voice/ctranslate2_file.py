"""The arrays of a CTranslate2 model file: where they lie, to be read and changed in place.

The layout is that of `ctranslate2.specs.model_spec` (version 6): a header, then name, shape, type
and bytes of each array.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from voice.errors import ModelFileError

_VERSION = 6
_FLOAT16 = 4
UP, DOWN = ".up", ".down"
"""Of the two factors of a difference, after the array's name: (rows, rank) and (rank, columns)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array's bytes begin, and its shape."""

    offset: int
    shape: tuple[int, ...]


class ModelArrays:
    """The float16 arrays of a model file.

    Raises:
        ModelFileError: It is no CTranslate2 model of a known version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as stream:
                self.places: Mapping[str, Place] = _places(stream)
        except (OSError, struct.error, UnicodeDecodeError) as error:
            raise ModelFileError(f"{path}: no CTranslate2 model ({error})") from error

    def read(self, name: str) -> NDArray[np.float32]:
        """One array.

        Raises:
            ModelFileError: There is none of this name.
        """
        place = self._place(name)
        count = int(np.prod(place.shape))
        halves = np.fromfile(self._path, np.float16, count, offset=place.offset)
        return halves.reshape(place.shape).astype(np.float32)

    def add(self, name: str, values: NDArray[np.float32]) -> None:
        """Add values to an array.

        Raises:
            ModelFileError: There is none of this name and shape.
        """
        place, old = self._place(name), self.read(name)
        if values.shape != old.shape:
            raise ModelFileError(f"{self._path}: {name} is {old.shape}, not {values.shape}")
        with self._path.open("r+b") as stream:
            stream.seek(place.offset)
            stream.write((old + values).astype(np.float16).tobytes())

    def _place(self, name: str) -> Place:
        if name not in self.places:
            raise ModelFileError(f"{self._path}: has no float16 array {name}")
        return self.places[name]


def add_difference(model: Path, difference: Path) -> None:
    """Add low-rank differences to a model file's arrays, in place.

    Args:
        model: `model.bin` of a CTranslate2 model in float16.
        difference: A safetensors file: for each array NAME.up (rows, rank) and NAME.down
            (rank, columns), float16; their product is added.

    Raises:
        ModelFileError: They do not belong together.
    """
    arrays, factors = ModelArrays(model), load_file(difference)
    for name in sorted(key.removesuffix(UP) for key in factors if key.endswith(UP)):
        up, down = (factors[name + part].astype(np.float32) for part in (UP, DOWN))
        arrays.add(name, up @ down)


def _places(stream: BinaryIO) -> dict[str, Place]:
    version = _number(stream, "I")
    if version != _VERSION:
        raise ModelFileError(f"{stream.name}: CTranslate2 file version {version}, not {_VERSION}")
    _text(stream)  # the spec's name
    _number(stream, "I")  # its revision
    places = {}
    for _ in range(_number(stream, "I")):
        name = _text(stream)
        shape = tuple(_number(stream, "I") for _ in range(_number(stream, "B")))
        kind, size = _number(stream, "B"), _number(stream, "I")
        if kind == _FLOAT16:
            places[name] = Place(stream.tell(), shape)
        stream.seek(size, 1)
    return places


def _number(stream: BinaryIO, kind: str) -> int:
    size = struct.calcsize(f"<{kind}")
    (number,) = struct.unpack(f"<{kind}", stream.read(size))
    return int(number)


def _text(stream: BinaryIO) -> str:
    return stream.read(_number(stream, "H")).rstrip(b"\0").decode("utf-8")
