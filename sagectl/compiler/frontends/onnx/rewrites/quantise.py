"""QuantizeLinear and DequantizeLinear in blocks, each with its own scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np

    block = node.attribute("block_size", 0)
    if not block:
        return None
    x, scale, zero = node.required(0), node.required(1), node.input(2)
    shape = pen.shape(x)
    axis = node.attribute("axis", 1) % len(shape)
    places = np.arange(shape[axis], dtype=np.int64) // block
    scale = pen.op("Gather", scale, places, axis=axis)
    offset = zero and pen.op("Gather", zero, places, axis=axis)
    if node.op == "DequantizeLinear":
        return _real(x, scale, offset, pen)
    return _whole(node, x, scale, offset, pen)


def _real(x: Value, scale: Value, offset: Value | None, pen: Builder) -> Value:
    levels = pen.cast(x, "int32")
    if offset is not None:
        levels = pen.op("Sub", levels, pen.cast(offset, "int32"))
    return pen.op("Mul", pen.cast(levels, scale.dtype), scale)


def _whole(node: Node, x: Value, scale: Value, offset: Value | None, pen: Builder) -> Value:
    import numpy as np
    from onnx import helper

    from sagectl.compiler.frontends.onnx.graph import Unsupported

    code = node.attribute("output_dtype", 0)
    dtype = np.dtype(np.uint8)
    if code:
        dtype = helper.tensor_dtype_to_np_dtype(code)
    elif offset is not None and offset.dtype is not None:
        dtype = offset.dtype
    if dtype.name not in ("int8", "uint8", "int16", "uint16"):
        raise Unsupported(f"quantisation to {dtype.name}")
    levels = pen.op("Round", pen.op("Div", x, pen.cast(scale, x.dtype)))
    if offset is not None:
        levels = pen.op("Add", levels, pen.cast(offset, x.dtype))
    limits = np.iinfo(dtype)
    bounded = pen.op("Max", levels, pen.scalar(limits.min, levels))
    return pen.cast(pen.op("Min", bounded, pen.scalar(limits.max, levels)), dtype)
