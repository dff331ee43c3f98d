"""The process that makes ONNX of a PyTorch model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.conversion import MODEL, Conversion, renamed, serve
from sagectl.compiler.frontends.pytorch.exporting import exporting
from sagectl.compiler.frontends.pytorch.files import SCRIPT
from sagectl.compiler.frontends.pytorch.programs import opened
from sagectl.compiler.frontends.pytorch.scripts import arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_NUMBERED = re.compile(r"input(\d+)")


def convert(model: Path, asked: Mapping[str, Any], folder: Path) -> Conversion:
    """Write ``model.onnx``; its inputs are named as the shapes are, in order."""
    import torch

    shapes = _ordered(asked["shapes"])
    program, kind = opened(model)
    if kind == SCRIPT:
        program = _exported(model, program, shapes, asked["options"].get("dtype"))
    hint = "Export the model to ONNX in parts, or replace the operator that it names."
    with exporting(model, hint, program):
        made: Any = torch.onnx.export(program, dynamo=True, verbose=False)
        made.save(folder / MODEL)
    shapes = _named(folder / MODEL, shapes)
    return Conversion(shapes, {"Form": kind, "Torch": torch.__version__})


def _ordered(shapes: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    """In the order given, except that input1 comes behind input0."""
    numbers = [_NUMBERED.fullmatch(name) for name in shapes]
    if not all(numbers):
        return dict(shapes)
    return dict(sorted(shapes.items(), key=lambda item: int(item[0][len("input") :])))


def _exported(
    path: Path, module: Any, shapes: Mapping[str, Sequence[int]], dtype: str | None
) -> Any:
    from torch._export.converter import TS2EPConverter

    zeros = arguments(path, module, shapes, dtype)
    hint = "TorchScript with branches on data is beyond the exporter: export the module itself."
    with exporting(path, hint):
        return TS2EPConverter(module, zeros).convert()


def _named(path: Path, shapes: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    """Give the file's inputs the names of ``shapes``; those that are left open by name."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    inputs = [each.name for each in model.graph.input]
    if set(shapes) <= set(inputs):
        return dict(shapes)
    if len(shapes) != len(inputs):
        raise RequestError(
            f"The model has {len(inputs)} inputs, {', '.join(inputs)}; {len(shapes)} are given",
            stage="import",
            reason="input",
            details={"inputs": sorted({*shapes, *inputs})},
            hint="Give a shape for each input in the order of forward's arguments.",
        )
    # By way of names that nothing has: a name given may be that of another input.
    renamed(model, {old: f"{place}\0" for place, old in enumerate(inputs)})
    renamed(model, {f"{place}\0": new for place, new in enumerate(shapes)})
    onnx.save(model, path)
    return dict(shapes)


if __name__ == "__main__":
    serve(convert)
