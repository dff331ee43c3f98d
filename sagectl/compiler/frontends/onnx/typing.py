"""Element types and shapes of a node's outputs, by the operator's own schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.protos import node_proto

if TYPE_CHECKING:
    import numpy as np
    from onnx import TypeProto

    from sagectl.compiler.frontends.onnx.graph import Node, Shape, Value

# Shape inference looks at the values of shapes, axes and scales, never at weights.
LARGEST_READ = 4096

# Their schemas infer no shape: it is that of the first input.
SHAPED_AS_FIRST = frozenset({"GroupNormalization"})

OutputType = tuple["np.dtype[Any] | None", "Shape | None"]
UNTYPED: OutputType = (None, None)


def schema_of(node: Node) -> Any | None:
    """The newest schema of the node's operator that its operator set version includes."""
    from onnx import defs

    try:
        return defs.get_schema(node.op, node.version, node.domain)
    except defs.SchemaError:
        return None


def output_types(node: Node) -> list[OutputType]:
    """Type and shape of each output; a dimension known only at run time is None.

    Raises Unsupported when the inputs contradict the operator's schema.
    """
    from onnx import checker, numpy_helper, shape_inference

    schema = schema_of(node)
    if schema is None:
        return [UNTYPED] * len(node.wanted)
    proto = node_proto(node)
    given = {
        name: value
        for name, value in zip(proto.input, node.inputs, strict=True)
        if value is not None
    }
    data = {
        name: numpy_helper.from_array(value.data, name)
        for name, value in given.items()
        if value.data is not None and value.data.size <= LARGEST_READ
    }
    try:
        types = shape_inference.infer_node_outputs(
            schema, proto, {name: type_proto(value) for name, value in given.items()}, data
        )
    except (
        checker.ValidationError,
        shape_inference.InferenceError,
        ValueError,
        RuntimeError,
    ) as error:
        raise Unsupported(_first_line(error)) from error
    found = [
        tensor_type(types[f"o{index}"]) if f"o{index}" in types else UNTYPED
        for index in range(len(node.wanted))
    ]
    if not node.domain and node.op in SHAPED_AS_FIRST and found[0][1] is None:
        found[0] = found[0][0], node.required(0).shape
    return found


def type_proto(value: Value) -> TypeProto:
    """The value's type as ONNX writes it."""
    from onnx import helper

    elem = 0 if value.dtype is None else helper.np_dtype_to_tensor_dtype(value.dtype)
    return helper.make_tensor_type_proto(elem, value.shape)


def tensor_type(proto: TypeProto) -> OutputType:
    """numpy type and shape of a tensor type; UNTYPED for sequences, maps and optionals."""
    from onnx import helper

    if proto.WhichOneof("value") != "tensor_type" or not proto.tensor_type.elem_type:
        return UNTYPED
    dtype = helper.tensor_dtype_to_np_dtype(proto.tensor_type.elem_type)
    if not proto.tensor_type.HasField("shape"):
        return dtype, None
    return dtype, tuple(
        dim.dim_value if dim.HasField("dim_value") else None
        for dim in proto.tensor_type.shape.dim
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].removeprefix("[ShapeInferenceError] ") if lines else "types do not fit"
