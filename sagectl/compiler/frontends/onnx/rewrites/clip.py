"""Clip with bounds known at run time as Max and Min."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    bounds = [node.input(1), node.input(2)]
    if node.version < 11:
        return None
    x = node.required(0)
    low, high = bounds
    if low is not None:
        x = pen.op("Max", x, pen.reshape(low, ()))
    return x if high is None else pen.op("Min", x, pen.reshape(high, ()))
