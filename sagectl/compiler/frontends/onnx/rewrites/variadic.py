"""Sum as a chain of additions: TVM's stacks its operands and reduces them."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    operands = [each for each in node.inputs if each is not None]
    return reduce(lambda total, each: pen.op("Add", total, each), operands)
