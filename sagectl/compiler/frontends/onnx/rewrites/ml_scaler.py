"""ONNX-ML's Scaler: an offset and a factor per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = pen.cast(node.required(0), "float32")
    offset = np.array(node.attribute("offset") or [0.0], np.float32)
    scale = np.array(node.attribute("scale") or [1.0], np.float32)
    return pen.op("Mul", pen.op("Sub", x, offset), scale)
