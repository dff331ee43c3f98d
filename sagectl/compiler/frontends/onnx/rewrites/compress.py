"""Compress: the slices that a condition keeps, gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import math

    from sagectl.compiler.frontends.onnx.rewrites.compaction import kept_places

    x, condition, axis = node.required(0), node.required(1), node.attribute("axis")
    if axis is None:
        x, axis = pen.reshape(x, (math.prod(pen.shape(x)),)), 0
    size = pen.shape(x)[axis]
    # A shorter condition keeps nothing of what lies beyond it.
    if pen.shape(condition)[0] > size:
        condition = pen.slice(condition, 0, 0, size)
    return pen.op("Gather", x, kept_places(condition, pen), axis=axis)
