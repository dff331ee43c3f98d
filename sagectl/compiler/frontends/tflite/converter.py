"""The process that makes ONNX of a TensorFlow Lite model."""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.conversion import MODEL, Conversion, converting, serve
from sagectl.compiler.frontends.signature import settled
from sagectl.compiler.frontends.tensorflow.computation import failures
from sagectl.compiler.frontends.tensorflow.export import OPSET
from sagectl.compiler.frontends.tensorflow.loading import import_tensorflow
from sagectl.compiler.frontends.tflite.engine import interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_HINT = "Does TensorFlow Lite's interpreter run the model?"


def convert(model: Path, asked: Mapping[str, Any], folder: Path) -> Conversion:
    """Write ``model.onnx``; names are the file's own."""
    import_tensorflow()
    import tensorflow as tf
    import tf2onnx

    logging.disable(logging.CRITICAL)
    raised = (*failures(), struct.error)
    with converting(f"{model.name} cannot be read", raised, _HINT):
        details = interpreter(model, {}).get_input_details()
    inputs = [(each["name"], each["dtype"].__name__, _open_sizes(each)) for each in details]
    shapes = {
        name: shape
        for (name, _, _), shape in zip(
            inputs, (each["shape"].tolist() for each in details), strict=True
        )
        if name not in asked["shapes"]
    }
    shapes.update(asked["shapes"])
    settled(inputs, shapes)
    with converting(f"{model.name} cannot be converted", raised, _HINT):
        tf2onnx.convert.from_tflite(str(model), opset=OPSET, output_path=str(folder / MODEL))
    facts = {
        "Form": "TensorFlow Lite",
        "Tensorflow": tf.__version__,
        "Tf2Onnx": tf2onnx.__version__,
    }
    return Conversion(shapes, facts)


def _open_sizes(details: Mapping[str, Any]) -> Sequence[int | None]:
    signature = details.get("shape_signature")
    sizes = details["shape"] if signature is None or not len(signature) else signature
    return [None if size < 0 else int(size) for size in sizes]


if __name__ == "__main__":
    serve(convert)
