"""HardSigmoid as a bounded line, on which a NaN stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    alpha, beta = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    line = pen.op("Add", pen.op("Mul", x, pen.scalar(alpha, x)), pen.scalar(beta, x))
    return pen.op("Max", pen.op("Min", line, pen.scalar(1, x)), pen.scalar(0, x))
