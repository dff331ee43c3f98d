"""RoiAlign in the mode that TVM averages rightly, of images that are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    if node.attribute("mode", "avg") != "avg":
        # TVM's maximum is another one than ONNX's.
        raise Unsupported(f"mode {node.attribute('mode')}")
    x, numbers = node.required(0), node.required(2)
    # onnxruntime refuses a run with another number; compiled code stays inside its data.
    above = pen.op("Max", numbers, pen.scalar(0, numbers))
    within = pen.op("Min", above, pen.scalar(pen.shape(x)[0] - 1, numbers))
    operands = (x, node.required(1), within)
    (made,) = pen.lowered(replace(node, inputs=operands, is_final=True))
    return made
