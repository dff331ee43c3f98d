"""What can be said of a model without compiling it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from onnx import GraphProto, ModelProto

    from sagectl.compiler.frontends.onnx.graph import Graph, Node


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output as the model declares it; a dimension may be a symbol or "?"."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class OperatorUse:
    """An operator, how often it is applied, and what is known of it.

    ``status`` is "right" (ONNX's tests of it pass), "unsupported" (it was refused here, or
    all its tests are), or "unproven": it compiles, and verification must tell.
    """

    name: str
    count: int
    status: str


@dataclass(frozen=True, slots=True)
class Report:
    """``flops`` are multiplications and additions of one run, None while shapes are open."""

    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    operators: tuple[OperatorUse, ...]
    parameters: int
    parameter_bytes: int
    flops: int | None
    problems: tuple[str, ...]
    hint: str | None

    @property
    def compiles(self) -> bool:
        """Whether nothing stands against compiling; the importer has the last word."""
        return not self.problems


def check(path: Path, shapes: Mapping[str, Sequence[int]] | None = None) -> Report:
    """What the model in ``path`` holds and what stands against compiling it for ``shapes``.

    Raises RequestError (reason "format") for what is no ONNX model.
    """
    from sagectl.compiler.frontends.onnx.reading import read_model

    return inspected(read_model(path), shapes or {})


def inspected(model: ModelProto, shapes: Mapping[str, Sequence[int]]) -> Report:
    """The same for a model at hand."""
    from onnx import helper

    from sagectl.compiler.frontends.onnx.signature import open_inputs

    graph, problem = _lowered_graph(model, shapes)
    refused = frozenset(problem.details.get("operators", ())) if problem else frozenset()
    uses = Counter(_operators(model.graph))
    tensors = model.graph.initializer
    sizes = [(_count(tensor.dims), tensor.data_type) for tensor in tensors]
    return Report(
        opset=max((each.version for each in model.opset_import if not each.domain), default=1),
        inputs=tuple(_port(each) for each in open_inputs(model)),
        outputs=tuple(_port(each) for each in model.graph.output),
        operators=tuple(
            OperatorUse(name, count, "unsupported" if name in refused else status_of(name))
            for name, count in sorted(uses.items())
        ),
        parameters=sum(size for size, _ in sizes),
        parameter_bytes=sum(
            size * int(helper.tensor_dtype_to_np_dtype(code).itemsize) for size, code in sizes
        ),
        flops=None if graph is None else sum(map(_node_flops, graph.nodes)),
        problems=tuple(problem.message.splitlines()) if problem else (),
        hint=problem.hint if problem else None,
    )


def unproven_operators(model: ModelProto) -> list[str]:
    """The model's operators that no passing test of ONNX's own covers alone."""
    return [name for name in sorted(set(_operators(model.graph))) if status_of(name) != "right"]


def status_of(operator: str) -> str:
    """What ONNX's own tests of the operator say; see tests/conformance."""
    passed, refused, failed = _tested().get(operator, (0, 0, 0))
    if passed and not failed:
        return "right"
    return "unsupported" if refused and not passed and not failed else "unproven"


@cache
def _tested() -> Mapping[str, tuple[int, int, int]]:
    """Operator -> how many of its tests pass, are refused, and fail."""
    text = files(__package__).joinpath("operators.tsv").read_text()
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {
        name: (int(passed), int(refused), int(wrong) + int(error))
        for name, passed, refused, wrong, error in rows
    }


def _lowered_graph(
    model: ModelProto, shapes: Mapping[str, Sequence[int]]
) -> tuple[Graph | None, CompileError | None]:
    from sagectl.compiler.frontends.onnx.lowering import lowered
    from sagectl.compiler.frontends.onnx.refusals import refuse_types, unsupported
    from sagectl.compiler.frontends.onnx.signature import fixed_inputs

    try:
        refuse_types(model)
        result = lowered(model, fixed_inputs(model, shapes))
    except CompileError as error:
        return None, error
    if result.problems:
        return None, unsupported(result.problems)
    return result.graph, None


def _operators(graph: GraphProto) -> Iterable[str]:
    for node in graph.node:
        is_standard = node.domain in ("", "ai.onnx")
        yield node.op_type if is_standard else f"{node.domain}.{node.op_type}"
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _operators(attribute.g)


def _port(proto: Any) -> Port:
    from onnx import TensorProto

    tensor = proto.type.tensor_type
    if proto.type.WhichOneof("value") != "tensor_type":
        return Port(proto.name, str(proto.type.WhichOneof("value")).split("_")[0], ())
    shape = tuple(
        dim.dim_value if dim.dim_value > 0 else dim.dim_param or "?" for dim in tensor.shape.dim
    )
    return Port(proto.name, TensorProto.DataType.Name(tensor.elem_type).lower(), shape)


def _count(sizes: Iterable[int | None]) -> int:
    total = 1
    for size in sizes:
        total *= size or 1
    return total


def _node_flops(node: Node) -> int:
    """Two for each multiplication and addition of a product, one for any other element."""
    made = sum(_count(value.shape or ()) for value in node.outputs if value is not None)
    shapes = [value.shape or () for value in node.inputs if value is not None]
    match node.op:
        case "MatMul" | "Gemm":
            rows_last = node.op == "Gemm" and node.attribute("transA", 0)
            return 2 * made * (shapes[0][-2 if rows_last else -1] or 1)
        case "Conv":
            return 2 * made * _count(shapes[1][1:])
        case "ConvTranspose":
            return 2 * _count(shapes[0]) * _count(shapes[1][1:])
        case _:
            return made
