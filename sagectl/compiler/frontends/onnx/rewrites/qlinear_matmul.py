"""QLinearMatMul as an integer product and a requantisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import (
        along,
        centred,
        requantised,
    )

    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = map(node.required, range(8))
    a_rank, b_rank = len(pen.shape(a)), len(pen.shape(b))
    product = pen.op(
        "MatMul",
        centred(a, along(a_zero, a_rank, -2, pen), pen),
        centred(b, along(b_zero, b_rank, -1, pen), pen),
    )
    rank = len(pen.shape(product))
    scale = pen.op(
        "Mul",
        along(pen.cast(a_scale, "float32"), rank, -2, pen),
        along(pen.cast(b_scale, "float32"), rank, -1, pen),
    )
    return requantised(product, scale, y_scale, y_zero, pen)
