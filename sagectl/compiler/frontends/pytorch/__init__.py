"""Reads PyTorch models: exported programs, and TorchScript by the exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Converted, Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port

_CONVERTER = "sagectl.compiler.frontends.pytorch.converter"


def load(request: CompileRequest) -> Imported:
    """The request's model by way of torch's own ONNX exporter.

    The names that shapes are given by become those of the inputs, in the order of forward's
    arguments. Raises RequestError (reason "format", "input" or "extra") and CompileError.
    """
    from sagectl.compiler.frontends.conversion import imported
    from sagectl.compiler.frontends.pytorch.files import vetted

    vetted(request.model)
    return imported(request, _CONVERTER)


def as_onnx(request: CompileRequest) -> Converted:
    """The model that ``load`` reads by way of, and the shapes of its inputs; raises alike."""
    from sagectl.compiler.frontends.conversion import as_onnx as converted
    from sagectl.compiler.frontends.pytorch.files import vetted

    vetted(request.model)
    model, done = converted(request, _CONVERTER)
    return model, done.shapes


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as torch runs it; ports stand for arguments and results by their order."""
    from sagectl.compiler.frontends.pytorch.engine import Torch

    return Torch(model, inputs, outputs)
