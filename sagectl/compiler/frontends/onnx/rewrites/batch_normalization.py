"""BatchNormalization in training mode, with the running statistics it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value] | None:
    import numpy as np

    if not node.attribute("training_mode", 0) or node.version < 14:
        return None
    x, scale, bias, mean, variance = map(node.required, range(5))
    rank = len(pen.shape(x))
    axes = [axis for axis in range(rank) if axis != 1]
    momentum = node.attribute("momentum", 0.9)
    here_mean = pen.reduce("ReduceMean", pen.cast(x, mean.dtype), axes)
    centred = pen.op("Sub", x, pen.cast(here_mean, x.dtype))
    here_variance = pen.reduce("ReduceMean", pen.op("Mul", centred, centred), axes)
    epsilon = pen.scalar(node.attribute("epsilon", 1e-5), here_variance)
    root = pen.op("Sqrt", pen.op("Add", here_variance, epsilon))
    column = (-1,) + (1,) * (rank - 2)
    y = pen.op("Mul", pen.op("Div", centred, root), pen.reshape(scale, column))
    y = pen.op("Add", y, pen.reshape(bias, column))

    def running(old: Value, new: Value) -> Value:
        flat = pen.cast(pen.reshape(new, pen.shape(old)), old.dtype)
        kept = pen.op("Mul", old, np.array(momentum, old.dtype))
        return pen.op("Add", kept, pen.op("Mul", flat, np.array(1 - momentum, old.dtype)))

    return [y, running(mean, here_mean), running(variance, here_variance)]
