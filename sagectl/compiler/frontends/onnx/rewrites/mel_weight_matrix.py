"""MelWeightMatrix, a constant once its inputs are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    unknown = tuple(each for each in node.inputs if each is not None and each.data is None)
    raise Unsupported("its inputs must be known at compile time", unknown)
