"""The process that makes ONNX of a PyTorch model."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.conversion import (
    MODEL,
    Conversion,
    converting,
    first_line,
    renamed,
    serve,
)
from sagectl.compiler.frontends.pytorch.files import SCRIPT
from sagectl.compiler.frontends.pytorch.programs import FAILURES, opened, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_NUMBERED = re.compile(r"input(\d+)")
_MOST_GUESSED = 4
# The service's words for CompilerOptions' dtype -> torch's.
_DTYPES = {"float": "float32", "float32": "float32", "int64": "int64", "long": "int64"}


def convert(model: Path, asked: Mapping[str, Any], folder: Path) -> Conversion:
    """Write ``model.onnx``; its inputs are named as the shapes are, in order."""
    import torch

    shapes = _ordered(asked["shapes"])
    program, kind = opened(model)
    if kind == SCRIPT:
        program = _exported(model, program, shapes, asked["options"].get("dtype"))
    hint = "Export the model to ONNX in parts, or replace the operator that it names."
    with converting(f"{model.name} cannot be exported", FAILURES, hint), quiet():
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

    arguments = _arguments(path, module, shapes, dtype)
    hint = "TorchScript with branches on data is beyond the exporter: export the module itself."
    with converting(f"{path.name} cannot be exported", FAILURES, hint), quiet():
        return TS2EPConverter(module, arguments).convert()


def _arguments(
    path: Path, module: Any, shapes: Mapping[str, Sequence[int]], dtype: str | None
) -> tuple[Any, ...]:
    """Zeros to trace by. TorchScript tells no types: the first that it runs on are taken."""
    import torch

    wanted = [each.name for each in module.forward.schema.arguments[1:]]
    if len(shapes) != len(wanted):
        raise RequestError(
            f"TorchScript does not tell the shapes of its inputs: {len(wanted)} are needed, "
            f"for {', '.join(wanted)}, and {len(shapes)} given",
            stage="import",
            reason="input",
            details={"inputs": wanted},
            hint=" ".join(f"--input {name}=SIZES" for name in wanted),
        )
    known = (_DTYPES.get(str(dtype), "float32"),) if dtype else ("float32", "int64", "bool")
    refused: Exception | None = None
    guesses = product(known, repeat=min(len(shapes), _MOST_GUESSED))
    for types in guesses:
        types = (*types, *types[-1:] * (len(shapes) - len(types)))
        arguments = tuple(
            torch.zeros(tuple(shape), dtype=getattr(torch, each))
            for shape, each in zip(shapes.values(), types, strict=True)
        )
        try:
            with quiet(), torch.no_grad():
                module(*arguments)
        except FAILURES as error:
            refused = refused or error
            continue
        return arguments
    raise RequestError(
        f"{path.name} does not run on inputs of these shapes: {_cause(refused)}",
        stage="import",
        reason="input",
        details={"inputs": list(shapes)},
        hint="Check the shapes; they are taken in the order of forward's arguments, "
        f"{', '.join(wanted)}.",
    )


def _cause(error: Exception | None) -> str:
    """The last line: TorchScript's messages begin with where, and end with what."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else first_line(error or ValueError())


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
