"""Concat without the operands that have no elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    operands = [value for value in node.inputs if value is not None]
    axis = node.attribute("axis", 1)
    filled = [each for each in operands if not each.shape or each.shape[axis] != 0]
    # Without a full operand the result is empty itself.
    if len(filled) in (0, len(operands)):
        return None
    return pen.concat(filled, axis)
