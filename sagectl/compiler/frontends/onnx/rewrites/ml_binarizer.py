"""ONNX-ML's Binarizer: one above the threshold, zero below."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    threshold = pen.scalar(node.attribute("threshold", 0.0), x)
    return pen.cast(pen.op("Greater", x, threshold), x.dtype)
