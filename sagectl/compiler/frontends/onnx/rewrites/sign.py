"""Sign of numbers that have none, too: unsigned ones, and NaN, which stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    x = node.required(0)
    if x.dtype is None or x.dtype.kind == "i":
        return None
    if x.dtype.kind == "u":
        return pen.cast(pen.op("Cast", x, to=9), x.dtype)
    zero, one = pen.scalar(0, x), pen.scalar(1, x)
    below = pen.op("Where", pen.op("Less", x, zero), pen.scalar(-1, x), x)
    return pen.op("Where", pen.op("Greater", x, zero), one, below)
