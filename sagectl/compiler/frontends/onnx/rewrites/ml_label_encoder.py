"""ONNX-ML's LabelEncoder from numbers to numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

# Attributes' endings, the element type they tell, and what stands for an unknown key.
_KINDS = (
    ("int64s", "int64", "default_int64", -1),
    ("floats", "float32", "default_float", -0.0),
)


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = node.required(0)
    keys, _ = _listed(node, "keys")
    values, default = _listed(node, "values")
    if keys.dtype != x.dtype or len(keys) != len(values) or not len(keys):
        raise Unsupported(
            f"{len(keys)} keys of {keys.dtype} to {len(values)} of {values.dtype}"
        )
    if len(np.unique(keys)) != len(keys):
        raise Unsupported("a key that is there twice")
    column = pen.reshape(x, (*pen.shape(x), 1))
    is_key = pen.op("Equal", column, keys)
    # What is no number is found as of version 4 alone.
    if node.version >= 4 and keys.dtype.kind == "f" and np.isnan(keys).any():
        is_key = pen.op("Or", is_key, pen.op("And", pen.op("IsNaN", column), np.isnan(keys)))
    marks = pen.cast(is_key, "int32")
    rank = len(pen.shape(x))
    found = pen.op("Gather", values, pen.op("ArgMax", marks, axis=rank, keepdims=0), axis=0)
    is_known = pen.cast(pen.reduce("ReduceMax", marks, (rank,), keepdims=False), "bool")
    return pen.op("Where", is_known, found, default)


def _listed(node: Node, role: str) -> tuple[Any, Any]:
    """The keys or values, and what unknown keys become; raises Unsupported for text."""
    import numpy as np
    from onnx import numpy_helper

    tensor = node.attribute(f"{role}_tensor")
    if tensor is not None:
        array = numpy_helper.to_array(tensor).reshape(-1)
        given = node.attribute("default_tensor")
        if array.dtype.kind not in "iuf" or given is None:
            raise Unsupported("labels that are text, or without a default")
        return array, numpy_helper.to_array(given).reshape(-1)[0]
    for ending, dtype, name, otherwise in _KINDS:
        if (found := node.attribute(f"{role}_{ending}")) is not None:
            default = np.array(node.attribute(name, otherwise), dtype)
            return np.array(found, dtype), default
    raise Unsupported("labels that are text: let the model's labels be numbers")
