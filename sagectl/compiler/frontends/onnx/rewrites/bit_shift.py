"""BitShift that gives zero once every bit is gone: the processor's wraps around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np
    from tvm import te, tirx

    x, amount = node.required(0), node.required(1)
    assert x.dtype is not None
    shape = np.broadcast_shapes(pen.shape(x), pen.shape(amount))
    dtype = x.dtype
    x, amount = (pen.op("Expand", each, np.array(shape, np.int64)) for each in (x, amount))
    name, width = dtype.name, 8 * dtype.itemsize
    to_left = node.attribute("direction") == "LEFT"
    is_signed = dtype.kind == "i"

    def shifted(bits: Any, by: Any) -> Any:
        # TVM stumbles over comparisons of unsigned numbers with constants.
        wide = by.astype("int64")
        is_inside = tirx.all(wide >= 0, wide < width)
        amount = tirx.Select(is_inside, by, tirx.const(0, name))
        result = bits << amount if to_left else bits >> amount
        # An arithmetic shift to the right leaves copies of the sign.
        fills = is_signed and not to_left
        gone = bits >> tirx.const(width - 1, name) if fills else tirx.const(0, name)
        return tirx.Select(is_inside, result, gone)

    return pen.compute(
        "bit_shift",
        lambda a, b: te.compute(shape, lambda *at: shifted(a(*at), b(*at))),
        x,
        amount,
        dtype=dtype,
        shape=shape,
    )
