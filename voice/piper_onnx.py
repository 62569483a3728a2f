"""Reads the parameters of a Piper VITS export back out of its ONNX graph.

The exporter folds weight norm into plain weights, renames what it folded to `onnx::Conv_NNNN` and
turns small parameters into constants. The names are recovered from the path of the node that uses
a tensor (`/flow/flows.6/enc/in_layers.0/Conv`) or from the bias beside it, which keeps its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from voice.errors import ModelFileError

_OWN_NAME = re.compile(r"(enc_p|dec|flow|dp|emb_g)\.")
_FOLDED_LOG_SCALE = re.compile(r"/dp/flows\.0/Exp(_\d+)?_output_0$")


@dataclass(frozen=True, slots=True)
class PiperParameters:
    """What a Piper export holds, under the names of its PyTorch modules.

    Attributes:
        tensors: Parameter name (`dec.conv_pre.weight`) to float array.
        convolutions: Module name of each convolution to its attributes, such as
            `{"kernel_shape": [5], "dilations": [1], "strides": [1]}`.
    """

    tensors: Mapping[str, NDArray[np.float32]]
    convolutions: Mapping[str, Mapping[str, list[int]]]


def read_parameters(onnx_path: Path) -> PiperParameters:
    """Read every named parameter of a Piper VITS graph.

    Raises:
        ModelFileError: the file is missing, is not ONNX, or is not a Piper VITS export.
    """
    graph = _load_graph(onnx_path)
    initial = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    tensors = {name: array for name, array in initial.items() if _OWN_NAME.match(name)}
    convolutions: dict[str, dict[str, list[int]]] = {}
    for node in graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            module = _module_of(node)
            convolutions[module] = {a.name: list(a.ints) for a in node.attribute if a.ints}
            for kind, name in zip(("weight", "bias"), node.input[1:], strict=False):
                if name in initial:
                    tensors[f"{module}.{kind}"] = initial[name]
        elif node.op_type == "Gather" and node.input[0] in initial:
            table = {"input": "enc_p.emb.weight", "sid": "emb_g.weight"}.get(node.input[1])
            if table:
                tensors[table] = initial[node.input[0]]
    if "dp.flows.0.logs" not in tensors:
        tensors["dp.flows.0.logs"] = _log_scale(initial, onnx_path)
    if "enc_p.emb.weight" not in tensors:
        raise ModelFileError(_not_piper(onnx_path, "it has no phoneme table"))
    return PiperParameters(tensors, convolutions)


def _load_graph(path: Path) -> Any:
    if not path.is_file():
        raise ModelFileError(f"no voice at {path}: install the voice's package or give its .onnx")
    try:
        return onnx.load(str(path)).graph
    except Exception as error:  # protobuf raises its own classes, one per backend
        raise ModelFileError(
            f"{path} is not an ONNX model ({type(error).__name__}): fetch the voice again"
        ) from error


def _module_of(node: Any) -> str:
    """The PyTorch module a convolution node came from: by bias, by weight, else by node path."""
    weight, bias = node.input[1], node.input[2] if len(node.input) > 2 else ""
    if bias.endswith(".bias"):
        return str(bias.removesuffix(".bias"))
    if weight.endswith(".weight"):
        return str(weight.removesuffix(".weight"))
    return str(node.name).strip("/").rsplit("/", 1)[0].replace("/", ".")


def _log_scale(initial: Mapping[str, NDArray[Any]], path: Path) -> NDArray[np.float32]:
    """The first duration flow's log scale, which the exporter folded to exp(-logs)."""
    for name, array in initial.items():
        if _FOLDED_LOG_SCALE.match(name):
            return np.asarray(-np.log(array), dtype=np.float32)
    raise ModelFileError(_not_piper(path, "it has no stochastic duration predictor"))


def _not_piper(path: Path, why: str) -> str:
    return f"{path} is not a Piper VITS voice: {why}; give a voice exported by Piper"
