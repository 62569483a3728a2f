"""What training changed in the encoder, as a small file beside the head.

A weight's change is a low-rank product (`NAME.a`, `NAME.b`: LoRA, Hu et al. 2021) or the whole
difference (`NAME.delta`), in half precision. It is added to the packaged weights when they are
loaded, so that a tuned encoder costs nothing more when it runs. Where training left out the upper
layers, the file says how many it kept.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file

from nlu import arrays
from nlu.errors import ModelFileError

_LAYERS = "layers"

Arrays = dict[str, NDArray[np.float32]]


def adapted(weights: Arrays, adapter: Path) -> Arrays:
    """The weights with an adapter added.

    Raises:
        ModelFileError: The file is no adapter or belongs to another encoder.
    """
    try:
        parts = load_file(adapter)
    except Exception as error:  # safetensors raises its own family; a corrupt file is any
        raise ModelFileError(
            f"{adapter} is not an adapter ({type(error).__name__}): restore it or train again"
        ) from error
    changed = dict(weights)
    for name, part in parts.items():
        weight, _, kind = name.rpartition(".")
        if kind == "b":
            continue
        part = part.astype(np.float32)
        change = part if kind == "delta" else parts[f"{weight}.b"].astype(np.float32) @ part
        if weight not in weights or weights[weight].shape != change.shape:
            raise ModelFileError(
                f"{adapter}: {weight} does not fit this encoder: give the one it was trained on"
            )
        changed[weight] = weights[weight] + change
    return changed


def kept_layers(adapter: Path) -> int | None:
    """How many layers, counted from the words, the adapter's encoder has; None for all."""
    with safe_open(adapter, framework="numpy") as file:
        told = (file.metadata() or {}).get(_LAYERS)
    return int(told) if told else None


def to_bytes(parts: Arrays, layers: int | None = None) -> bytes:
    """An adapter file's bytes: the same changes give the same bytes.

    Args:
        parts: The changes.
        layers: How many layers the encoder keeps; None for all.
    """
    halves = {name: part.astype(np.float16) for name, part in sorted(parts.items())}
    return arrays.to_bytes(halves, {_LAYERS: str(layers)} if layers else {})
