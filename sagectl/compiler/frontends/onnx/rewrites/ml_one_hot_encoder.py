"""ONNX-ML's OneHotEncoder of numbers: a column for each category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    categories = np.array(node.attribute("cats_int64s") or [], np.int64)
    if not categories.size:
        raise Unsupported("categories that are text, or none")
    if not node.attribute("zeros", 1):
        raise Unsupported(
            "zeros = 0 ends a run at an unknown category, which compiled code does not: "
            "export with handle_unknown='ignore'"
        )
    if len(np.unique(categories)) != categories.size:
        raise Unsupported("a category that is there twice")
    x = pen.cast(node.required(0), "int64")
    column = pen.reshape(x, (*pen.shape(x), 1))
    return pen.cast(pen.op("Equal", column, categories), "float32")
