"""TopK by whole numbers in the order of the elements, so that a NaN has its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value] | None:
    import numpy as np

    x = node.required(0)
    assert x.dtype is not None
    axis = node.attribute("axis", -1) % len(pen.shape(x))
    count = pen.constant(np.array([_count(node, pen, pen.shape(x)[axis])], np.int64))
    # Elements that need not come in order may come in order.
    attributes: dict[str, Any] = {"axis": axis, "largest": node.attribute("largest", 1)}
    keys = x
    if x.dtype == np.uint64:
        keys = _signed(x, pen)
    elif x.dtype.kind not in "iub":
        keys = _ranked(pen.cast(x, "float64" if x.dtype == np.float64 else "float32"), pen)
    values, places = pen.ops("TopK", keys, count, outputs=2, is_final=True, **attributes)
    if keys is not x:
        values = pen.ops("GatherElements", x, places, outputs=1, is_final=True, axis=axis)[0]
    return [values, places]


def _count(node: Node, pen: Builder, size: int) -> int:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    asked = node.input(1)
    if asked is None:
        count = int(node.attribute("k", 1))
    else:
        count = int(pen.known(asked, repr(asked.name)).reshape(-1)[0])
    if not 0 <= count <= size:
        raise Unsupported(f"{count} of {size} elements are asked for")
    return count


def _signed(x: Value, pen: Builder) -> Value:
    """Unsigned numbers as signed ones: flipping the top bit keeps the order."""
    import numpy as np
    from onnx import TensorProto

    bits = pen.op("BitCast", x, to=TensorProto.INT64, version=26)
    return pen.op("BitwiseXor", bits, np.array(np.iinfo(np.int64).min, np.int64))


def _ranked(x: Value, pen: Builder) -> Value:
    """Floats as whole numbers of their order: both zeros alike, and NaN above infinity."""
    import numpy as np
    from onnx import helper

    kind = np.int64 if x.dtype == np.float64 else np.int32
    zero, top = np.zeros((), kind), np.array(np.iinfo(kind).max, kind)
    bits = pen.op("BitCast", x, to=helper.np_dtype_to_tensor_dtype(top.dtype), version=26)
    mirrored = pen.op("BitwiseXor", bits, top)
    rank = pen.op("Where", pen.op("Less", bits, zero), mirrored, bits)
    rank = pen.op("Where", pen.op("Equal", x, pen.scalar(0, x)), zero, rank)
    return pen.op("Where", pen.op("IsNaN", x), top, rank)
