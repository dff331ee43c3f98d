"""Slice of operator sets before 10, whose bounds are attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np

    if node.version >= 10:
        return None
    starts = node.attribute("starts")
    axes = node.attribute("axes") or list(range(len(starts)))
    bounds = (starts, node.attribute("ends"), axes)
    return pen.op("Slice", node.required(0), *(np.array(each, np.int64) for each in bounds))
