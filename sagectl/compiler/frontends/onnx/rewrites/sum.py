"""Sum as a chain of additions: TVM's stacks its operands and reduces them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    total, *others = (each for each in node.inputs if each is not None)
    for each in others:
        total = pen.op("Add", total, each)
    return total
