"""Softplus that keeps its precision where the exponential is small."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    one = pen.scalar(1, x)
    small = pen.op("Exp", pen.op("Neg", pen.op("Abs", x)))
    # log(1 + t) is log(u) * t / (u - 1) for the rounded u = 1 + t (Kahan, in HP-15C).
    u = pen.op("Add", small, one)
    grown = pen.op("Sub", u, one)
    is_lost = pen.op("Equal", grown, pen.scalar(0, x))
    safe = pen.op("Where", is_lost, one, grown)
    exact = pen.op("Div", pen.op("Mul", pen.op("Log", u), small), safe)
    log1p = pen.op("Where", is_lost, small, exact)
    return pen.op("Add", pen.op("Max", x, pen.scalar(0, x)), log1p)
