"""Arrays to a file's bytes, the same arrays to the same bytes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save


def to_bytes(arrays: Mapping[str, NDArray[Any]], told: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file of arrays of any shape and order.

    safetensors writes an array's memory as it lies, so a transposed one would come back garbled.

    Args:
        arrays: By name.
        told: What stands beside them as text.
    """
    lying = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return bytes(save(lying, dict(told) if told else None))
