"""Gathers and scatters that never reach outside their data, whatever the indices are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    indices = node.required(1)
    sizes = _sizes(node, pen, pen.shape(indices))
    if indices.data is not None:
        if ((indices.data < -sizes) | (indices.data >= sizes)).any():
            raise Unsupported(f"an index is out of range for size {sizes.reshape(-1).tolist()}")
        return None
    # onnxruntime refuses a run with such an index; compiled code stays inside its data.
    highest = pen.op("Min", indices, (sizes - 1).astype(indices.dtype))
    within = pen.op("Max", highest, (-sizes).astype(indices.dtype))
    operands = (node.required(0), within, *node.inputs[2:])
    (made,) = pen.lowered(replace(node, inputs=operands, is_final=True))
    return made


def _sizes(node: Node, pen: Builder, places: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """How many elements each index chooses from, to be compared with the indices."""
    import numpy as np

    shape = pen.shape(node.required(0))
    if not node.op.endswith("ND"):
        axis = node.attribute("axis", 0)
        return np.array(shape[axis], np.int64)
    first = node.attribute("batch_dims", 0)
    return np.array(shape[first : first + places[-1]], np.int64)
