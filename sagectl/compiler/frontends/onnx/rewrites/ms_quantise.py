"""onnxruntime's own QuantizeLinear and DequantizeLinear, which are ONNX's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    return pen.op(node.op, *node.inputs, axis=node.attribute("axis", 1))
