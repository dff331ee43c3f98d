"""LayerNormalization written out where its mean or deviation is read: TVM's are dummies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value] | None:
    if not (node.wants(1) or node.wants(2)):
        return None
    x, scale, bias = node.required(0), node.required(1), node.input(2)
    axis, rank = node.attribute("axis", -1), len(pen.shape(x))
    axes = range(axis % rank, rank)
    # stash_type 1: the statistics are float32 whatever the input is.
    wide = pen.cast(x, "float32") if node.attribute("stash_type", 1) == 1 else x
    mean = pen.reduce("ReduceMean", wide, axes)
    centred = pen.op("Sub", wide, mean)
    variance = pen.reduce("ReduceMean", pen.op("Mul", centred, centred), axes)
    epsilon = pen.scalar(node.attribute("epsilon", 1e-5), variance)
    deviation = pen.op("Reciprocal", pen.op("Sqrt", pen.op("Add", variance, epsilon)))
    y = pen.op("Mul", pen.cast(pen.op("Mul", centred, deviation), x.dtype), scale)
    return [pen.op("Add", y, bias) if bias is not None else y, mean, deviation]
