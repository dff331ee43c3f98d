"""LayerNormalization written out where TVM's has no such form.

Its mean and deviation are dummies, float64 is refused, and so are scales that broadcast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value] | None:
    x, scale, bias = node.required(0), node.required(1), node.input(2)
    axis, rank = node.attribute("axis", -1), len(pen.shape(x))
    axes = range(axis % rank, rank)
    whole = pen.shape(x)[axis % rank :]
    is_plain = all(pen.shape(each) == whole for each in (scale, bias) if each is not None)
    if is_plain and x.dtype != "float64" and not (node.wants(1) or node.wants(2)):
        return None
    # stash_type 1: the statistics are float32, but for the type that is wider.
    is_stashed = node.attribute("stash_type", 1) == 1 and x.dtype != "float64"
    wide = pen.cast(x, "float32") if is_stashed else x
    mean = pen.reduce("ReduceMean", wide, axes)
    centred = pen.op("Sub", wide, mean)
    variance = pen.reduce("ReduceMean", pen.op("Mul", centred, centred), axes)
    epsilon = pen.scalar(node.attribute("epsilon", 1e-5), variance)
    deviation = pen.op("Reciprocal", pen.op("Sqrt", pen.op("Add", variance, epsilon)))
    y = pen.op("Mul", pen.cast(pen.op("Mul", centred, deviation), x.dtype), scale)
    y = pen.op("Add", y, bias) if bias is not None else y
    if node.attribute("stash_type", 1) == 1:
        mean, deviation = pen.cast(mean, "float32"), pen.cast(deviation, "float32")
    return [y, mean, deviation]
