"""The encoder's graph in 8-bit integers: about a third of the time for an utterance.

Weights are rounded for each output column, activations as they come (dynamic quantisation). Making
it takes seconds, so it is made once and kept beside the heads instead of at every start.
"""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic

from nlu.encoder.sentence import encoder_graph

ROUNDED = ("MatMul", "Attention")
"""Operators whose weights are rounded; the words' vectors and the normalisations stay exact."""


def export_int8(encoder_dir: Path, adapter: Path | None, path: Path) -> None:
    """Write the encoder's graph with 8-bit weights.

    Args:
        encoder_dir: The packaged encoder.
        adapter: What training changed in its weights, or None.
        path: The file to write.

    Raises:
        ModelFileError: A file is missing or cannot be read.
    """
    with TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        onnx.save(encoder_graph(encoder_dir, adapter), exact)
        # It asks for a pass over the graph first, which fused operators do not allow.
        logging.getLogger().addFilter(_without_advice)
        try:
            quantize_dynamic(
                exact,
                path,
                op_types_to_quantize=list(ROUNDED),
                weight_type=QuantType.QInt8,
                per_channel=True,
                extra_options={"DefaultTensorType": TensorProto.FLOAT},
            )
        finally:
            logging.getLogger().removeFilter(_without_advice)


def _without_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
