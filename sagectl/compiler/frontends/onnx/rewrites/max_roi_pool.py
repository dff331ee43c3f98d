"""MaxRoiPool of regions of images that are there, whatever their numbers are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    x, regions = node.required(0), node.required(1)
    numbers = pen.slice(regions, 1, 0, 1)
    above = pen.op("Max", numbers, pen.scalar(0, regions))
    within = pen.op("Min", above, pen.scalar(pen.shape(x)[0] - 1, regions))
    corners = pen.slice(regions, 1, 1, 5)
    operands = (x, pen.concat([within, corners], 1))
    (made,) = pen.lowered(replace(node, inputs=operands, is_final=True))
    return made
