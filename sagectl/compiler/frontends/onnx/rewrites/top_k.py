"""TopK of operator set 10, and of unsigned 64-bit numbers: ordered as signed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value] | None:
    import numpy as np
    from onnx import TensorProto

    x = node.required(0)
    if node.version == 10:
        # The importer reads the number of this version where the one before has it.
        axis = node.attribute("axis", -1)
        return pen.ops("TopK", x, node.required(1), outputs=2, axis=axis)
    if x.dtype != np.uint64:
        return None
    # Flipping the top bit keeps the order and moves it to the signed range.
    top = np.array(np.iinfo(np.int64).min, np.int64)
    signed = pen.op("BitwiseXor", pen.op("BitCast", x, to=TensorProto.INT64, version=26), top)
    attributes = {name: node.attribute(name) for name in ("axis", "largest", "sorted")}
    values, places = pen.ops("TopK", signed, node.required(1), outputs=2, **attributes)
    back = pen.op("BitwiseXor", values, top)
    return [pen.op("BitCast", back, to=TensorProto.UINT64, version=26), places]
