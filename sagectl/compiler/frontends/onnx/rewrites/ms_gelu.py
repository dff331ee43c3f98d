"""onnxruntime's Gelu family, each with the approximation it is defined by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x, bias = node.required(0), node.input(1)
    if bias is not None:
        x = pen.op("Add", x, bias)
    if node.op == "QuickGelu":
        alpha = pen.scalar(node.attribute("alpha", 1.702), x)
        return pen.op("Mul", x, pen.op("Sigmoid", pen.op("Mul", x, alpha)))
    return pen.op("Gelu", x, approximate="tanh" if node.op == "FastGelu" else "none")
