"""OneHot as a comparison with the classes' numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    indices, values = node.required(0), node.required(2)
    depth = int(pen.known(node.required(1), "the depth").reshape(-1)[0])
    rank = len(pen.shape(indices)) + 1
    axis = node.attribute("axis", -1) % rank
    column = pen.op("Unsqueeze", pen.cast(indices, "int64"), np.array([axis], np.int64))
    from_end = pen.op("Add", column, np.int64(depth))
    is_negative = pen.op("Less", column, np.int64(0))
    column = pen.op("Where", is_negative, from_end, column)
    shape = [1] * rank
    shape[axis] = depth
    is_hot = pen.op("Equal", column, np.arange(depth, dtype=np.int64).reshape(shape))
    return pen.op("Where", is_hot, pen.pick(values, 0, 1), pen.pick(values, 0, 0))
