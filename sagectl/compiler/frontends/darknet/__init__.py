"""Reads Darknet's networks, a .cfg file with a .weights file beside it, by way of ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Converted, Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def load(request: CompileRequest) -> Imported:
    """The network, its input ``data`` in NCHW order, pixels from 0 to 1.

    Outputs are those of its yolo and region layers, or of its last one, as Darknet leaves
    them in ``layer.output``. Raises RequestError (reason "format", "input", "no-model" or
    "several-models"), and CompileError (reason "operator") for layers that are not known.
    """
    from dataclasses import replace

    from sagectl.compiler.frontends.onnx import import_model

    return replace(import_model(*as_onnx(request)), framework="DARKNET")


def as_onnx(request: CompileRequest) -> Converted:
    """The model that ``load`` reads by way of, its shapes fixed; raises alike."""
    from sagectl.compiler.frontends.archive import model_file
    from sagectl.compiler.frontends.darknet.network import converted

    with model_file(request.model, request.framework) as path:
        return converted(path, request.inputs), {}


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The converted network as onnxruntime runs it: Darknet itself is not at hand."""
    from sagectl.compiler.frontends.darknet.network import converted
    from sagectl.compiler.frontends.onnx.engine import Onnxruntime, in_memory

    if model.suffix != ".cfg":
        return Onnxruntime(model)
    return in_memory(converted(model, {port.name: port.shape for port in inputs}))
