"""RMSNormalization over several axes, written out: TVM's handles the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    x, scale = node.required(0), node.required(1)
    rank = len(pen.shape(x))
    axes = range(node.attribute("axis", -1) % rank, rank)
    if len(axes) == 1 and scale.shape == x.shape[-1:] if x.shape else False:
        return None
    wide = pen.cast(x, "float32") if node.attribute("stash_type", 1) == 1 else x
    square = pen.reduce("ReduceMean", pen.op("Mul", wide, wide), axes)
    epsilon = pen.scalar(node.attribute("epsilon", 1e-5), square)
    root = pen.op("Sqrt", pen.op("Add", square, epsilon))
    return pen.op("Mul", pen.cast(pen.op("Div", wide, root), x.dtype), scale)
