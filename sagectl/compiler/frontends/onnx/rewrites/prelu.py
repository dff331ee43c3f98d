"""PRelu as a selection: TVM's wants one slope per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x, slope = node.required(0), node.required(1)
    rank, sizes = len(pen.shape(x)), pen.shape(slope)
    # Before operator set 7, and in exports since, a flat slope counts channels.
    is_per_channel = node.version < 7 or (sizes and sizes[0] not in (1, pen.shape(x)[-1]))
    if len(sizes) == 1 and rank > 2 and is_per_channel:
        slope = pen.reshape(slope, (sizes[0],) + (1,) * (rank - 2))
    is_negative = pen.op("Less", x, pen.scalar(0, x))
    return pen.op("Where", is_negative, pen.op("Mul", x, slope), x)
