"""Casts between element types as one or two conversions of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Node

# A float beyond a narrow integer's range wraps around as C and numpy have it on processors
# of today: through the next wider signed type. ONNX leaves such a cast undefined.
_THROUGH = {
    "int8": "int32",
    "int16": "int32",
    "uint8": "int32",
    "uint16": "int32",
    "uint32": "int64",
}


def cast(node: Node, x: Any, bb: Any) -> Any:
    """The relax expression of a Cast node over ``x``.

    TVM's own converter wraps floats by seven operations, of which some do not compile.
    """
    from tvm import relax

    source, wanted = _type(node.inputs[0]), _type(node.outputs[0])
    if wanted.name == "bool":
        return relax.op.not_equal(x, relax.const(0, source.name))
    is_float = source.kind == "f" or source.name == "bfloat16"
    if is_float and wanted.name in _THROUGH:
        x = bb.emit(relax.op.astype(x, _THROUGH[wanted.name]))
    return relax.op.astype(x, wanted.name)


def _type(value: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = value.dtype
    return dtype
