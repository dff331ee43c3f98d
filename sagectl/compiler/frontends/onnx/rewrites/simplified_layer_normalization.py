"""onnxruntime's SimplifiedLayerNormalization, which ONNX calls RMSNormalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    return pen.op(
        "RMSNormalization",
        node.required(0),
        node.required(1),
        version=23,
        axis=node.attribute("axis", -1),
        epsilon=node.attribute("epsilon", 1e-5),
    )
