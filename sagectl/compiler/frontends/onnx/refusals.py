"""All that stands against compiling a model, as one error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.onnx.graph import Problem, inputs_behind
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onnx import ModelProto

    from sagectl.compiler.frontends.onnx.graph import Graph, Value

_NODES_SHOWN = 3
_COUNTED = 1 << 31


def unsupported(problems: Sequence[Problem]) -> CompileError:
    """One line per operator and reason, the nodes named; each node counts once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        names = groups.setdefault((problem.node.origin.operator, problem.reason), [])
        if problem.node.origin.name not in names:
            names.append(problem.node.origin.name)
    lines = [
        f"{operator} ({_nodes(names)}): {reason}"
        for (operator, reason), names in sorted(groups.items())
    ]
    operators = sorted({problem.node.origin.operator for problem in problems})
    needs = sorted(
        {value.name for problem in problems for value in inputs_behind(problem.needs)}
    )
    message = lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
    return CompileError(
        f"The compiler cannot compile {message}"
        if len(lines) == 1
        else f"The compiler cannot compile parts of the model:\n{message}",
        stage="import",
        reason="operator",
        details={
            "operators": operators,
            "nodes": [name for names in groups.values() for name in names],
            "needs": needs,
        },
        hint=_hint(needs),
    )


def refuse_sizes(values: Iterable[Value | None]) -> None:
    """Raise RequestError for tensors too large for generated code, which counts in 32 bits."""
    for value in values:
        if value is None or value.shape is None or None in value.shape:
            continue
        count = math.prod(int(size or 0) for size in value.shape)
        if count >= _COUNTED:
            sizes = ", ".join(map(str, value.shape))
            raise RequestError(
                f"{value.name!r} has {count} elements ([{sizes}]); tensors of {_COUNTED} or "
                "more cannot be compiled",
                stage="import",
                reason="input",
                hint="Compile for a smaller shape: --input NAME=SIZES.",
            )


def refuse_open_outputs(graph: Graph) -> None:
    """Raise CompileError for outputs whose shape only a run decides, with who makes them."""
    problems = [
        Problem(
            value.producer, f"the shape of output {name!r} is known at run time only", (value,)
        )
        for name, value in graph.outputs
        if not value.is_static and value.producer is not None
    ]
    if problems:
        raise unsupported(problems)


def refuse_types(model: ModelProto) -> None:
    """Raise CompileError for inputs and outputs that are no tensors of numpy's numbers.

    A model without outputs is refused too: there is nothing to compute.
    """
    from onnx import TensorProto

    from sagectl.compiler.frontends.onnx.signature import open_inputs
    from sagectl.compiler.frontends.onnx.support import PORT_TYPES

    if not model.graph.output:
        raise RequestError(
            "The model has no outputs, so there is nothing to compute",
            stage="import",
            reason="format",
            hint="Export it again, with the outputs that are wanted.",
        )
    findings = []
    for role, values in (("input", open_inputs(model)), ("output", model.graph.output)):
        for value in values:
            kind = value.type.WhichOneof("value")
            shown = (kind or "untyped").split("_")[0]
            if kind == "tensor_type":
                shown = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
            # An exporter may leave an output's type to be inferred.
            if shown in PORT_TYPES or (role == "output" and shown in ("undefined", "untyped")):
                continue
            findings.append(f"{role} {value.name!r} is {shown}")
    if findings:
        raise CompileError(
            "Only tensors of numpy's numbers go in and out of a compiled model: "
            + "; ".join(findings),
            stage="import",
            reason="operator",
            details={"operators": [], "nodes": [], "needs": []},
            hint="Cast other numbers, and work on text and sequences, outside the model.",
        )


def _nodes(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_NODES_SHOWN])
    rest = len(names) - _NODES_SHOWN
    word = "node" if len(names) == 1 else "nodes"
    return f"{word} {shown} and {rest} more" if rest > 0 else f"{word} {shown}"


def _hint(needs: Sequence[str]) -> str:
    if needs:
        names = ", ".join(repr(name) for name in needs)
        return (
            f"What the model computes depends on the value of {names}: make it an "
            "initializer of the model, as in model.graph.initializer.append("
            f"numpy_helper.from_array(numpy.array(VALUE, TYPE), {needs[0]!r}))."
        )
    return "Export the model without these operators, or replace them by ones that are known."
