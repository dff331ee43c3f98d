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
    import numpy as np
    from tvm import relax

    from sagectl.compiler.frontends.onnx.support import HALF_TYPES

    source, wanted = _type(node.inputs[0]), _type(node.outputs[0])
    if wanted.name == "bool" and source.name != "bool":
        if source.name in HALF_TYPES:
            x, source = bb.emit(relax.op.astype(x, "float32")), np.dtype("float32")
        return relax.op.not_equal(x, relax.const(0, source.name))
    is_float = source.kind == "f" or source.name == "bfloat16"
    if is_float and wanted.name in _THROUGH:
        x = bb.emit(relax.op.astype(x, _THROUGH[wanted.name]))
    if wanted.name == "bfloat16":
        single = x if source.name == "float32" else bb.emit(relax.op.astype(x, "float32"))
        x = bb.emit_te(_shortened, single, primfunc_name_hint="shortened")
    return relax.op.astype(x, wanted.name)


def _shortened(x: Any) -> Any:
    """Single precision rounded to the digits of bfloat16, to the even one of two.

    TVM computes in single precision what is declared bfloat16, and drops casts there and back.
    """
    from tvm import te, tirx

    def element(*at: Any) -> Any:
        bits = tirx.reinterpret("uint32", x(*at))
        odd = (bits >> tirx.const(16, "uint32")) & tirx.const(1, "uint32")
        near = (bits + tirx.const(0x7FFF, "uint32") + odd) & tirx.const(0xFFFF0000, "uint32")
        # A NaN's digits could carry over into an infinity.
        return tirx.Select(tirx.isnan(x(*at)), x(*at), tirx.reinterpret("float32", near))

    return te.compute(x.shape, element)


def _type(value: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = value.dtype
    return dtype
