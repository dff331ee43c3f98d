"""Reads TensorFlow models: SavedModels, and frozen graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Converted, Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port

_CONVERTER = "sagectl.compiler.frontends.tensorflow.converter"


def load(request: CompileRequest) -> Imported:
    """The request's model by way of tf2onnx; shapes are NHWC, as the model has them.

    Raises RequestError (reason "format", "input" or "extra") and CompileError.
    """
    from sagectl.compiler.frontends.conversion import imported

    return imported(request, _CONVERTER)


def as_onnx(request: CompileRequest) -> Converted:
    """The model that ``load`` reads by way of, and the shapes of its inputs; raises alike."""
    from sagectl.compiler.frontends.conversion import as_onnx as converted

    model, done = converted(request, _CONVERTER)
    return model, done.shapes


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as TensorFlow runs it; ports are named as its inputs and outputs are."""
    from sagectl.compiler.frontends.tensorflow.engine import Tensorflow
    from sagectl.compiler.frontends.tensorflow.graphs import opened
    from sagectl.compiler.frontends.tensorflow.loading import import_tensorflow

    import_tensorflow()
    return Tensorflow(lambda: opened(model))
