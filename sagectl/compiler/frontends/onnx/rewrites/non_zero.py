"""NonZero: the places of what is not zero, taken apart into coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import math

    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Unsupported
    from sagectl.compiler.frontends.onnx.rewrites.compaction import kept_places

    x = node.required(0)
    shape = pen.shape(x)
    if not shape:
        raise Unsupported("a scalar, which has no coordinates", (x,))
    places = kept_places(pen.reshape(pen.cast(x, np.bool_), (math.prod(shape),)), pen)
    rows = []
    for axis, size in enumerate(shape):
        step = pen.op("Div", places, np.array(math.prod(shape[axis + 1 :]), np.int64))
        rows.append(pen.op("Mod", step, np.array(size, np.int64)))
    return pen.stack(rows, 0)
