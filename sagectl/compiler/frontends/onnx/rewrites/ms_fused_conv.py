"""onnxruntime's FusedConv: a convolution, an addition and an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.rewrites.activations import activated

    names = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
    attributes = {name: node.attribute(name) for name in names}
    y = pen.op("Conv", node.required(0), node.required(1), node.input(2), **attributes)
    addend = node.input(3)
    if addend is not None:
        y = pen.op("Add", y, addend)
    return activated(node, y, pen)
