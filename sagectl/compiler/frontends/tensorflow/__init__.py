"""Reads TensorFlow models: SavedModels, and frozen graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def load(request: CompileRequest) -> Imported:
    """The request's model by way of tf2onnx; shapes are NHWC, as the model has them.

    Raises RequestError (reason "format", "input" or "extra") and CompileError.
    """
    from sagectl.compiler.frontends.conversion import imported

    return imported(request, "sagectl.compiler.frontends.tensorflow.converter")


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as TensorFlow runs it; ports are named as its inputs and outputs are."""
    from sagectl.compiler.frontends.tensorflow.graphs import opened
    from sagectl.compiler.frontends.tensorflow.reference import Tensorflow

    return Tensorflow(lambda: opened(model))
