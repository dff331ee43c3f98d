"""SpaceToDepth in both orders of the channels it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x, size = node.required(0), node.attribute("blocksize")
    batch, channels, height, width = pen.shape(x)
    rows, columns = height // size, width // size
    parts = pen.reshape(x, (batch, channels, rows, size, columns, size))
    order = (0, 1, 3, 5, 2, 4) if node.attribute("mode", "DCR") == "CRD" else (0, 3, 5, 1, 2, 4)
    return pen.reshape(
        pen.transpose(parts, order), (batch, channels * size * size, rows, columns)
    )
