"""Reads Keras models: ``.keras`` files and HDF5 ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Converted, Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port

_CONVERTER = "sagectl.compiler.frontends.keras.converter"


def load(request: CompileRequest) -> Imported:
    """The request's model by way of tf2onnx.

    Inputs with four dimensions are NCHW, in the request and in the package, though the model
    has them as NHWC: the service's own rule. Outputs are as the model has them.
    Raises RequestError (reason "format", "input" or "extra") and CompileError.
    """
    from sagectl.compiler.frontends.conversion import imported
    from sagectl.compiler.frontends.keras.files import vetted

    vetted(request.model)
    return imported(request, _CONVERTER)


def as_onnx(request: CompileRequest) -> Converted:
    """The model that ``load`` reads by way of, and the shapes of its inputs; raises alike."""
    from sagectl.compiler.frontends.conversion import as_onnx as converted
    from sagectl.compiler.frontends.keras.files import vetted

    vetted(request.model)
    model, done = converted(request, _CONVERTER)
    return model, done.shapes


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as Keras runs it on TensorFlow; images go in as NCHW."""
    from sagectl.compiler.frontends.keras.models import opened
    from sagectl.compiler.frontends.tensorflow.engine import Tensorflow
    from sagectl.compiler.frontends.tensorflow.loading import import_keras

    import_keras()
    return Tensorflow(lambda: opened(model))
