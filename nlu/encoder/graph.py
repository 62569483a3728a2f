"""The encoder's ONNX graph, built straight from the published weights.

The packaged all-MiniLM-L6-v2 holds a `model.safetensors` (a BERT of 6 layers). Running it in
ONNX Runtime gives every process its own small thread budget, which torch's process-wide setting
cannot, and a sentence in a few milliseconds. The fused operators are ONNX Runtime's own
(docs/ContribOperators.md in its repository: `Attention` takes q, k and v as one matrix).
"""

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, NDArray[np.float32]]


def tapped(layers: int) -> tuple[int, int, int]:
    """The layers that are pooled, counted from 1: the last, at two thirds and at one third."""
    return layers, round(layers * 2 / 3), round(layers / 3)


class EncoderGraph:
    """Collects nodes and weights while the layers are laid one after another."""

    def __init__(self, weights: Weights, heads: int, epsilon: float) -> None:
        self._weights = weights
        self._heads = heads
        self._epsilon = epsilon
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._count = 0

    def build(self, layers: int) -> onnx.ModelProto:
        """The whole model.

        Args:
            layers: How many transformer layers the weights hold.

        Returns:
            A model from `ids` (int32, batch by tokens, no padding) to `pooled` (float32, batch by
            4 widths): the mean over the tokens of the last layer, of the layers at two thirds and
            at one third, and the last layer's maximum; and to `tokens` (float32, batch by tokens by
            3 widths): those layers themselves.
        """
        hidden = self._embed()
        outputs = []
        for number in range(layers):
            hidden = self._layer(hidden, f"encoder.layer.{number}.")
            outputs.append(hidden)
        self._pool([outputs[place - 1] for place in tapped(layers)])
        return self._model()

    def _weight(self, name: str, value: NDArray[np.generic] | None = None) -> str:
        array = self._weights[name] if value is None else value
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _node(self, op: str, inputs: list[str], domain: str = "", **attributes: object) -> str:
        self._count += 1
        output = f"{op}_{self._count}"
        node = helper.make_node(op, inputs, [output], domain=domain, **attributes)
        self._nodes.append(node)
        return output

    def _embed(self) -> str:
        words = self._node(
            "Gather", [self._weight("embeddings.word_embeddings.weight"), "ids"], axis=0
        )
        # One segment only: its vector is added to every position beforehand.
        places = (
            self._weights["embeddings.position_embeddings.weight"]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        length = self._node("Shape", ["ids"], start=1, end=2)
        zero = self._weight("zero", np.array([0], dtype=np.int64))
        table = self._weight("places", places)
        cut = self._node("Slice", [table, zero, length, zero])
        return self._normalise(self._node("Add", [words, cut]), "embeddings.LayerNorm")

    def _normalise(self, value: str, name: str) -> str:
        weight = self._weight(f"{name}.weight")
        bias = self._weight(f"{name}.bias")
        return self._node(
            "LayerNormalization", [value, weight, bias], axis=-1, epsilon=self._epsilon
        )

    def _linear(self, value: str, name: str) -> str:
        matrix = self._weight(f"{name}.weight", self._weights[f"{name}.weight"].T)
        return self._node(
            "Add", [self._node("MatMul", [value, matrix]), self._weight(f"{name}.bias")]
        )

    def _attend(self, value: str, prefix: str) -> str:
        parts = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weights[f"{part}.weight"].T for part in parts], axis=1)
        bias = np.concatenate([self._weights[f"{part}.bias"] for part in parts])
        inputs = [value, self._weight(f"{prefix}qkv", matrix), self._weight(f"{prefix}b", bias)]
        return self._node("Attention", inputs, domain="com.microsoft", num_heads=self._heads)

    def _layer(self, value: str, prefix: str) -> str:
        seen = self._linear(self._attend(value, prefix), f"{prefix}attention.output.dense")
        kept = self._normalise(
            self._node("Add", [value, seen]), f"{prefix}attention.output.LayerNorm"
        )
        wide = self._node("Gelu", [self._linear(kept, f"{prefix}intermediate.dense")])
        back = self._linear(wide, f"{prefix}output.dense")
        return self._normalise(self._node("Add", [kept, back]), f"{prefix}output.LayerNorm")

    def _pool(self, layers: list[str]) -> None:
        axis = self._weight("token_axis", np.array([1], dtype=np.int64))
        means = [self._node("ReduceMean", [layer, axis], keepdims=0) for layer in layers]
        peak = self._node("ReduceMax", [layers[0], axis], keepdims=0)
        self._nodes.append(helper.make_node("Concat", [*means, peak], ["pooled"], axis=1))
        self._nodes.append(helper.make_node("Concat", layers, ["tokens"], axis=2))

    def _model(self) -> onnx.ModelProto:
        ids = helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "tokens"])
        pooled = helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["batch", "widths"])
        states = ["batch", "tokens", "widths"]
        tokens = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, states)
        graph = helper.make_graph(
            self._nodes, "encoder", [ids], [pooled, tokens], self._initializers
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)
