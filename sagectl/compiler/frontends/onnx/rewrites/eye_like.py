"""EyeLike as the constant it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np
    from onnx import helper

    x, code = node.required(0), node.attribute("dtype")
    dtype = x.dtype if code is None else helper.tensor_dtype_to_np_dtype(code)
    rows, columns = pen.shape(x)
    return pen.value(np.eye(rows, columns, node.attribute("k", 0)).astype(dtype))
