"""Equal of truth values, which LLVM has no comparison for as TVM asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    a, b = node.required(0), node.required(1)
    if a.dtype is None or a.dtype.kind != "b":
        return None
    return pen.op("Not", pen.op("Xor", a, b))
