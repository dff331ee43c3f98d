"""RoiAlign in the mode that TVM averages rightly; its maximum is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    if node.attribute("mode", "avg") != "avg":
        raise Unsupported(f"mode {node.attribute('mode')}")
    return None
