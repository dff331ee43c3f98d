"""The model's inputs with the shapes that were asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.onnx.graph import Value
from sagectl.compiler.frontends.onnx.typing import tensor_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onnx import ModelProto, TensorShapeProto, ValueInfoProto

# A declared dimension: a size, a symbol shared between inputs, or nothing known.
Dimension = int | str | None


def open_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The graph inputs that no initializer binds."""
    bound = {tensor.name for tensor in model.graph.initializer}
    return [each for each in model.graph.input if each.name not in bound]


def fixed_inputs(model: ModelProto, shapes: Mapping[str, Sequence[int]]) -> list[Value]:
    """Every open input with a static shape: the one given, else the one declared.

    A symbol's size, once given for one input, holds for the others. Raises RequestError
    (reason="input") with all findings: unknown names, ranks and sizes that do not fit,
    inputs that stay dynamic.
    """
    declared = {each.name: each for each in open_inputs(model)}
    findings = _unknown_names(model, declared, shapes)
    sizes: dict[str, tuple[int, str]] = {}
    for name in declared:
        if name in shapes:
            findings += _misfits(name, _dimensions(declared[name]), shapes[name], sizes)
    values = []
    hints = []
    for name, proto in declared.items():
        dimensions = _dimensions(proto)
        shape = tuple(shapes[name]) if name in shapes else _filled(dimensions, sizes)
        if shape is None or any(not isinstance(size, int) for size in shape):
            findings.append(f"input {name!r} has no fixed shape: {_shown(dimensions)}")
            hints.append(f"--input {name}={_suggestion(shape)}")
            continue
        dtype, _ = tensor_type(proto.type)
        values.append(
            Value(name, dtype, tuple(int(size) for size in shape if size is not None))
        )
    if findings:
        raise _refused(findings, hints, shapes, declared)
    return values


def with_batch_of_one(
    model: ModelProto, shapes: Mapping[str, Sequence[int]]
) -> dict[str, Sequence[int]]:
    """``shapes``, and those of inputs whose leading dimension alone is open, as 1.

    Or as large as ``shapes`` have it where another input has a dimension of the same symbol.
    """
    filled = dict(shapes)
    inputs = open_inputs(model)
    known = {
        symbol: size
        for proto in inputs
        for symbol, size in zip(
            _dimensions(proto) or (), shapes.get(proto.name, ()), strict=False
        )
        if isinstance(symbol, str)
    }
    for proto in inputs:
        first, *rest = _dimensions(proto) or [None, None]
        if not isinstance(first, int) and all(isinstance(size, int) for size in rest):
            batch = known.get(first, 1) if isinstance(first, str) else 1
            filled.setdefault(
                proto.name, [batch, *(size for size in rest if isinstance(size, int))]
            )
    return filled


def _dimensions(proto: ValueInfoProto) -> list[Dimension] | None:
    if not proto.type.tensor_type.HasField("shape"):
        return None
    return [_dimension(dim) for dim in proto.type.tensor_type.shape.dim]


def _dimension(dim: TensorShapeProto.Dimension) -> Dimension:
    # Some exporters write an unknown size as -1 or "?", and mean another one each time.
    if dim.HasField("dim_value"):
        return int(dim.dim_value) if dim.dim_value >= 0 else None
    return dim.dim_param if dim.dim_param.strip("? ") else None


def _unknown_names(
    model: ModelProto, declared: Mapping[str, object], shapes: Mapping[str, object]
) -> list[str]:
    parameters = {tensor.name for tensor in model.graph.initializer}
    findings = []
    for name in shapes:
        if name in declared:
            continue
        if name in parameters:
            findings.append(f"{name!r} is a parameter of the model, not an input")
            continue
        close = get_close_matches(name, declared, n=1)
        guess = f"; did you mean {close[0]!r}?" if close else ""
        findings.append(f"the model has no input {name!r}{guess}")
    return findings


def _misfits(
    name: str,
    dimensions: Sequence[Dimension] | None,
    shape: Sequence[int],
    sizes: dict[str, tuple[int, str]],
) -> list[str]:
    if dimensions is None:
        return []
    if len(dimensions) != len(shape):
        ranks = f"{len(dimensions)} dimensions, {_shown(dimensions)}"
        return [f"input {name!r} has {ranks}; {len(shape)} are given, {_shown(shape)}"]
    findings = []
    for position, (declared, size) in enumerate(zip(dimensions, shape, strict=True)):
        if isinstance(declared, int) and declared != size:
            findings.append(
                f"input {name!r} has size {declared} in dimension {position}, "
                f"not {size}: {_shown(dimensions)}"
            )
        elif isinstance(declared, str):
            known, where = sizes.setdefault(declared, (size, name))
            if known != size:
                findings.append(
                    f"{declared!r} is {known} in input {where!r} and {size} in input {name!r}"
                )
    return findings


def _filled(
    dimensions: Sequence[Dimension] | None, sizes: Mapping[str, tuple[int, str]]
) -> list[Dimension] | None:
    if dimensions is None:
        return None
    return [
        sizes[each][0] if isinstance(each, str) and each in sizes else each
        for each in dimensions
    ]


def _shown(dimensions: Iterable[Dimension] | None) -> str:
    if dimensions is None:
        return "[rank unknown]"
    return f"[{', '.join('?' if each is None else str(each) for each in dimensions)}]"


def _suggestion(shape: Iterable[Dimension] | None) -> str:
    """Something to edit: an open leading dimension reads as batch 1, others by their name."""
    if shape is None:
        return "SIZES"
    return ",".join(
        str(each)
        if isinstance(each, int)
        else "1"
        if position == 0
        else _placeholder(each, position)
        for position, each in enumerate(shape)
    )


def _placeholder(symbol: str | None, position: int) -> str:
    cleaned = "".join(char for char in symbol or "" if char.isalnum() or char == "_")
    return cleaned.upper() or f"SIZE{position}"


def _refused(
    findings: Sequence[str],
    hints: Sequence[str],
    shapes: Mapping[str, object],
    declared: Mapping[str, ValueInfoProto],
) -> RequestError:
    message = findings[0] if len(findings) == 1 else "\n".join(f"- {each}" for each in findings)
    if len(findings) == 1:
        message = message[0].upper() + message[1:]
    else:
        message = f"The shapes do not fit the model:\n{message}"
    signature = ", ".join(
        f"{name}: {_shown(_dimensions(each))}" for name, each in declared.items()
    )
    hint = f"The model's inputs are {signature}."
    if hints:
        hint = f"Say which shape to compile for: {' '.join(hints)}"
    return RequestError(
        message,
        stage="import",
        reason="input",
        details={"inputs": sorted(set(shapes) | set(declared)), "findings": list(findings)},
        hint=hint,
    )
