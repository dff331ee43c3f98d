"""QLinearConv as an integer convolution and a requantisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import (
        along,
        convolved,
        requantised,
    )

    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero = map(node.required, range(8))
    accumulated = convolved(node, x, x_zero, w, w_zero, pen)
    rank = len(pen.shape(accumulated))
    bias = node.input(8)
    if bias is not None:
        accumulated = pen.op("Add", accumulated, along(bias, rank, 1, pen))
    scale = along(pen.op("Mul", x_scale, w_scale), rank, 1, pen)
    return requantised(accumulated, scale, y_scale, y_zero, pen)
