"""The arguments that TorchScript is traced by, which tells neither shapes nor types."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.conversion import first_line
from sagectl.compiler.frontends.pytorch.programs import FAILURES, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MOST_GUESSED = 4
# The service's words for CompilerOptions' dtype -> torch's.
_DTYPES = {"float": "float32", "float32": "float32", "int64": "int64", "long": "int64"}

_NUMBERS = frozenset(("bool", "float", "int"))


def arguments(
    path: Path, module: Any, shapes: Mapping[str, Sequence[int]], dtype: str | None
) -> tuple[Any, ...]:
    """Zeros of the first types that forward runs on, and the defaults of what else it takes.

    Raises RequestError (reason "input").
    """
    import torch

    declared = module.forward.schema.arguments[1:]
    defaults = [each.default_value for each in declared if each.has_default_value()]
    wanted = _wanted(path, declared, len(shapes))
    known = (_DTYPES.get(str(dtype), "float32"),) if dtype else _types(module)
    refused: Exception | None = None
    for types in product(known, repeat=min(len(shapes), _MOST_GUESSED)):
        zeros = _zeros(shapes, (*types, *types[-1:] * (len(shapes) - len(types))))
        try:
            with quiet(), torch.no_grad():
                module(*zeros, *defaults)
        except FAILURES as error:
            refused = refused or error
            continue
        return (*zeros, *defaults)
    raise RequestError(
        f"{path.name} does not run on inputs of these shapes: {_cause(refused)}",
        stage="import",
        reason="input",
        details={"inputs": list(shapes)},
        hint="Check the shapes; they are taken in the order of forward's arguments, "
        f"{', '.join(wanted)}.",
    )


def _wanted(path: Path, declared: Sequence[Any], given: int) -> list[str]:
    """The arguments that shapes are needed for: those without a default."""
    needed = [each for each in declared if not each.has_default_value()]
    if numbers := [each for each in needed if str(each.type) in _NUMBERS]:
        listed = ", ".join(f"{each.name} ({each.type})" for each in numbers)
        raise RequestError(
            f"{path.name} takes {listed} besides tensors; packages take tensors alone",
            stage="import",
            reason="input",
            details={"inputs": [each.name for each in numbers]},
            hint="Give the argument a default value in forward, and script the module again.",
        )
    wanted = [each.name for each in needed]
    if given == len(wanted):
        return wanted
    raise RequestError(
        f"TorchScript does not tell the shapes of its inputs: {len(wanted)} are needed, "
        f"for {', '.join(wanted)}, and {given} given",
        stage="import",
        reason="input",
        details={"inputs": wanted},
        hint=" ".join(f"--input {name}=SIZES" for name in wanted),
    )


def _types(module: Any) -> tuple[str, ...]:
    """What inputs are tried as: as the parameters are, and then as most nets take them."""
    own = [
        str(each.dtype).removeprefix("torch.")
        for each in module.parameters()
        if each.is_floating_point()
    ]
    return tuple(dict.fromkeys((*own[:1], "float32", "int64", "bool")))


def _zeros(shapes: Mapping[str, Sequence[int]], types: Sequence[str]) -> tuple[Any, ...]:
    import torch

    return tuple(
        torch.zeros(tuple(shape), dtype=getattr(torch, each))
        for shape, each in zip(shapes.values(), types, strict=True)
    )


def _cause(error: Exception | None) -> str:
    """The last line: TorchScript's messages begin with where, and end with what."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else first_line(error or ValueError())
