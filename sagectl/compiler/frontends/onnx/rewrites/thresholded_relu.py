"""ThresholdedRelu as a selection: what is not above the threshold is zero, NaN as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    is_above = pen.op("Greater", x, pen.scalar(node.attribute("alpha", 1.0), x))
    return pen.op("Where", is_above, x, pen.scalar(0, x))
