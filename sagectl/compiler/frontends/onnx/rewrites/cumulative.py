"""CumSum and CumProd along one axis, by TVM's scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from tvm import topi

    x = node.required(0)
    shape = pen.shape(x)
    axis = int(pen.known(node.required(1), "the axis").reshape(-1)[0]) % len(shape)
    scan = topi.cumprod if node.op == "CumProd" else topi.cumsum
    assert x.dtype is not None
    name = "float32" if x.dtype.name in ("float16", "bfloat16") else x.dtype.name
    is_exclusive = bool(node.attribute("exclusive", 0))
    if node.attribute("reverse", 0):
        x = flipped(x, axis, pen)
    y = pen.compute(
        node.op.lower(),
        lambda t: scan(t, axis, name, is_exclusive),
        x,
        dtype=x.dtype,
        shape=shape,
    )
    return flipped(y, axis, pen) if node.attribute("reverse", 0) else y


def flipped(x: Value, axis: int, pen: Builder) -> Value:
    import numpy as np

    order = np.arange(pen.shape(x)[axis] - 1, -1, -1, dtype=np.int64)
    return pen.op("Gather", x, order, axis=axis)
