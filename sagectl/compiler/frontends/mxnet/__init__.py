"""Reads MXNet's models, NAME-symbol.json with a .params file, by way of ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Converted, Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def load(request: CompileRequest) -> Imported:
    """The model, its inputs in NCHW order, of the shapes that the request gives them.

    Raises RequestError (reason "format", "input", "no-model" or "several-models"), and
    CompileError (reason "operator") for operators that are not known.
    """
    from dataclasses import replace

    from sagectl.compiler.frontends.onnx import import_model

    return replace(import_model(*as_onnx(request)), framework="MXNET")


def as_onnx(request: CompileRequest) -> Converted:
    """The model that ``load`` reads by way of, its shapes fixed; raises alike."""
    from sagectl.compiler.frontends.archive import model_file
    from sagectl.compiler.frontends.mxnet.symbol import converted

    with model_file(request.model, request.framework) as path:
        return converted(path, request.inputs), {}


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The converted model as onnxruntime runs it: MXNet is no longer kept up."""
    from sagectl.compiler.frontends.mxnet.symbol import converted
    from sagectl.compiler.frontends.onnx.engine import Onnxruntime, in_memory

    if model.suffix != ".json":
        return Onnxruntime(model)
    return in_memory(converted(model, {port.name: port.shape for port in inputs}))
