"""Elu, Selu and Celu as selections, in which a NaN stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    is_selu = node.op == "Selu"
    alpha = node.attribute("alpha", 1.67326319217681884765625 if is_selu else 1.0)
    scale = pen.scalar(alpha, x)
    inner = pen.op("Div", x, scale) if node.op == "Celu" else x
    # No exponential overflows where it is not chosen.
    power = pen.op("Exp", pen.op("Min", inner, pen.scalar(0, x)))
    below = pen.op("Mul", pen.op("Sub", power, pen.scalar(1, x)), scale)
    result = pen.op("Where", pen.op("Greater", x, pen.scalar(0, x)), x, below)
    if not is_selu:
        return result
    gamma = node.attribute("gamma", 1.05070102214813232421875)
    return pen.op("Mul", result, pen.scalar(gamma, x))
