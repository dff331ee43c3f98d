"""Pieces of ONNX's own messages, in the shape the lowering wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Origin, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import NodeProto

    from sagectl.compiler.frontends.onnx.graph import Node


def constant(name: str, array: Any) -> Value:
    """A value whose data is known."""
    return Value(name, array.dtype, array.shape, data=array)


def typed(value: Value) -> str:
    """How messages tell a value's type and shape."""
    sizes = ["?" if size is None else str(size) for size in value.shape or ()]
    shape = "of unknown rank" if value.shape is None else f"[{', '.join(sizes)}]"
    return f"{value.name!r} ({value.dtype} {shape})"


def is_untyped(value: Value) -> bool:
    """Whether the value stems from a node that was refused."""
    return value.dtype is None and value.items is None


def origin_of(proto: NodeProto, domain: str) -> Origin:
    """How messages name a node: by its name, or by the first output it has."""
    name = proto.name or next((each for each in proto.output if each), proto.op_type)
    return Origin(name, f"{domain}.{proto.op_type}" if domain else proto.op_type)


def node_proto(node: Node) -> NodeProto:
    """The node as ONNX writes it, with positions for names."""
    from onnx import NodeProto

    return NodeProto(
        op_type=node.op,
        domain=node.domain,
        input=["" if value is None else f"i{index}" for index, value in enumerate(node.inputs)],
        output=[f"o{index}" if each else "" for index, each in enumerate(node.wanted)],
        attribute=node.attributes.values(),
    )


def dense(sparse: Any) -> Any:
    """A sparse initializer as a full array; ONNX stores linear or coordinate indices."""
    import numpy as np
    from onnx import numpy_helper

    values = numpy_helper.to_array(sparse.values)
    indices = numpy_helper.to_array(sparse.indices)
    array = np.zeros(tuple(sparse.dims), values.dtype)
    if indices.ndim == 1:
        array.reshape(-1)[indices] = values
    else:
        array[tuple(indices.T)] = values
    return array


def without(proto: NodeProto, names: set[str]) -> NodeProto:
    """The node with the inputs called ``names`` left out."""
    from onnx import NodeProto

    copy = NodeProto()
    copy.CopyFrom(proto)
    for index, name in enumerate(copy.input):
        if name in names:
            copy.input[index] = ""
    return copy


def opset_versions(imports: Iterable[Any]) -> dict[str, int]:
    """Operator set version by domain, the default domain spelt ''."""
    return {"" if each.domain == "ai.onnx" else each.domain: each.version for each in imports}
