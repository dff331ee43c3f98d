"""What can be said of a model without compiling it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.gate import verdict
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onnx import GraphProto, ModelProto

    from sagectl.compiler.frontends.onnx.gate import Form
    from sagectl.compiler.frontends.onnx.graph import Graph, Node, Value
    from sagectl.compiler.frontends.onnx.lowering import Lowered


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
    all tests of such a form are), "unknown" (no test covers the form, so verification must
    tell), "folded" (it has nothing to do at run time), or "unchecked" while shapes are open.
    ``reason`` says what is not known.
    """

    name: str
    count: int
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """``flops`` are multiplications and additions of one run, None while shapes are open.

    ``memory_bytes`` is the most that tensors of one run take at a time, weights apart.
    """

    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    operators: tuple[OperatorUse, ...]
    parameters: int
    parameter_bytes: int
    flops: int | None
    memory_bytes: int | None
    problems: tuple[str, ...]
    hint: str | None

    @property
    def compiles(self) -> bool:
        """Whether nothing stands against compiling; the importer has the last word."""
        return not self.problems


def inspected(model: ModelProto, shapes: Mapping[str, Sequence[int]]) -> Report:
    """What the model holds and what stands against compiling it for ``shapes``."""
    from onnx import helper

    from sagectl.compiler.frontends.onnx.signature import open_inputs, with_batch_of_one

    lowered_model, problem = _lowered(model, shapes)
    graph = lowered_model.graph if lowered_model and not problem else None
    refused = frozenset(problem.details.get("operators", ())) if problem else frozenset()
    if lowered_model is None:
        # The types of open models show with a batch of one, where that is all that is open.
        lowered_model, _ = _lowered(model, with_batch_of_one(model, shapes))
    forms = lowered_model.forms if lowered_model else None
    tensors = model.graph.initializer
    sizes = [(_count(tensor.dims), tensor.data_type) for tensor in tensors]
    return Report(
        opset=max((each.version for each in model.opset_import if not each.domain), default=1),
        inputs=tuple(_port(each) for each in open_inputs(model)),
        outputs=tuple(_port(each) for each in model.graph.output),
        operators=tuple(
            _use(name, count, refused, forms)
            for name, count in sorted(Counter(_operators(model.graph)).items())
        ),
        parameters=sum(size for size, _ in sizes),
        parameter_bytes=sum(
            size * int(helper.tensor_dtype_to_np_dtype(code).itemsize) for size, code in sizes
        ),
        flops=None if graph is None else sum(map(_node_flops, graph.nodes)),
        memory_bytes=None if graph is None else _most_memory(graph),
        problems=tuple(problem.message.splitlines()) if problem else (),
        hint=problem.hint if problem else None,
    )


def _lowered(
    model: ModelProto, shapes: Mapping[str, Sequence[int]]
) -> tuple[Lowered | None, CompileError | None]:
    """The lowered model where its inputs allow one, and what stands against compiling it."""
    from sagectl.compiler.frontends.onnx.lowering import lowered
    from sagectl.compiler.frontends.onnx.refusals import refuse_types, unsupported
    from sagectl.compiler.frontends.onnx.signature import fixed_inputs

    try:
        refuse_types(model)
        result = lowered(model, fixed_inputs(model, shapes))
    except CompileError as error:
        return None, error
    return result, unsupported(result.problems) if result.problems else None


def _use(
    name: str, count: int, refused: Iterable[str], forms: Iterable[Form] | None
) -> OperatorUse:
    """The worst of what is known of the forms that an operator is applied in."""
    if name in refused:
        return OperatorUse(name, count, "unsupported", "see below")
    if forms is None:
        return OperatorUse(name, count, "unchecked")
    verdicts = {verdict(form) for form in forms if form.operator == name}
    for status in ("unsupported", "unknown"):
        for each in sorted(verdicts):
            if each.status == status:
                return OperatorUse(name, count, status, each.reason)
    return OperatorUse(name, count, "right" if verdicts else "folded")


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


def _most_memory(graph: Graph) -> int:
    """The largest sum of live tensors, node by node, each kept until it is last read."""
    last = {
        id(value): place
        for place, node in enumerate(graph.nodes)
        for value in node.inputs
        if value is not None
    } | {id(value): len(graph.nodes) for _, value in graph.outputs}
    live = sum(map(_bytes, graph.inputs))
    most = live
    for place, node in enumerate(graph.nodes):
        live += sum(_bytes(value) for value in node.outputs if value is not None)
        most = max(most, live)
        ended = {id(value): value for value in node.inputs if value is not None}
        live -= sum(
            _bytes(value)
            for key, value in ended.items()
            if last[key] == place and value.data is None
        )
    return most


def _bytes(value: Value) -> int:
    return _count(value.shape or ()) * (value.dtype.itemsize if value.dtype is not None else 0)


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
