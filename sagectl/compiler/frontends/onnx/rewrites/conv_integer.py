"""ConvInteger as a convolution of what the zero points leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import convolved

    return convolved(
        node, node.required(0), node.input(2), node.required(1), node.input(3), pen
    )
