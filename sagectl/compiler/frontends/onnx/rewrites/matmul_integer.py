"""MatMulInteger as a product of what the zero points leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import along, centred

    a, b, a_zero, b_zero = node.required(0), node.required(1), node.input(2), node.input(3)
    a_rank, b_rank = len(pen.shape(a)), len(pen.shape(b))
    return pen.op(
        "MatMul",
        centred(a, a_zero and along(a_zero, a_rank, -2, pen), pen),
        centred(b, b_zero and along(b_zero, b_rank, -1, pen), pen),
    )
