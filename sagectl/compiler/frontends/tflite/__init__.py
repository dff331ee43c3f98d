"""Reads TensorFlow Lite models, quantised ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Converted, Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port

_CONVERTER = "sagectl.compiler.frontends.tflite.converter"


def load(request: CompileRequest) -> Imported:
    """The request's model by way of tf2onnx; shapes are NHWC, as the model has them.

    An input that no shape is given for has the one that the file would be run with.
    Raises RequestError (reason "format", "input" or "extra") and CompileError.
    """
    from sagectl.compiler.frontends.conversion import imported
    from sagectl.compiler.frontends.tflite.files import vetted

    vetted(request.model)
    return imported(request, _CONVERTER)


def as_onnx(request: CompileRequest) -> Converted:
    """The model that ``load`` reads by way of, and the shapes of its inputs; raises alike."""
    from sagectl.compiler.frontends.conversion import as_onnx as converted
    from sagectl.compiler.frontends.tflite.files import vetted

    vetted(request.model)
    model, done = converted(request, _CONVERTER)
    return model, done.shapes


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as TensorFlow Lite's interpreter runs it."""
    from sagectl.compiler.frontends.tensorflow.loading import import_tensorflow
    from sagectl.compiler.frontends.tflite.engine import Interpreter

    import_tensorflow()
    return Interpreter(model, inputs)
