"""ONNX-ML's Normalizer: each row by its largest number, or by its norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

_NORMS = {"MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"}


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = pen.cast(node.required(0), "float32")
    norm = node.attribute("norm", "MAX")
    if norm not in _NORMS or len(pen.shape(x)) > 2:
        raise Unsupported(f"norm {norm!r} of {len(pen.shape(x))} dimensions")
    size = pen.reduce(_NORMS[norm], x, (len(pen.shape(x)) - 1,))
    is_nothing = pen.op("Equal", size, np.float32(0))
    return pen.op("Div", x, pen.op("Where", is_nothing, np.float32(1), size))
