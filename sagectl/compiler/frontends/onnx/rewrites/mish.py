"""Mish without a logarithm: tanh(log(1 + e)) is (e^2 + 2e) / (e^2 + 2e + 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    # Beyond 20 the ratio is 1 in float32, and e^2 would overflow further on.
    e = pen.op("Exp", pen.op("Min", x, pen.scalar(20, x)))
    above = pen.op("Mul", e, pen.op("Add", e, pen.scalar(2, x)))
    below = pen.op("Add", above, pen.scalar(2, x))
    return pen.op("Mul", x, pen.op("Div", above, below))
