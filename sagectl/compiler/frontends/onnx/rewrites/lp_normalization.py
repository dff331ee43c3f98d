"""LpNormalization as a norm and a division that leaves zero vectors zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    norm = "ReduceL2" if node.attribute("p", 2) == 2 else "ReduceL1"
    length = pen.reduce(norm, x, [node.attribute("axis", -1)])
    is_zero = pen.op("Equal", length, pen.scalar(0, length))
    return pen.op("Div", x, pen.op("Where", is_zero, pen.scalar(1, length), length))
