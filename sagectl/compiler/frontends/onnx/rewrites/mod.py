"""Mod with the sign of the divisor (fmod=0) or of the dividend (fmod=1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np
    from tvm import te, tirx

    from sagectl.compiler.frontends.onnx.rewrites.div import harmless, is_harmless

    x, y = node.required(0), node.required(1)
    assert x.dtype is not None
    truncates = bool(node.attribute("fmod", 0))
    if x.dtype.kind in "iu":
        if not truncates:
            if is_harmless(y):
                return None
            # Nothing is left over by one, nor by minus one.
            return pen.ops("Mod", x, harmless(y, pen), outputs=1, is_final=True)[0]
        # ONNX divides integers towards zero.
        return pen.op("Sub", x, pen.op("Mul", pen.op("Div", x, y), y))
    kind = "float64" if x.dtype == np.float64 else "float32"
    shape = np.broadcast_shapes(pen.shape(x), pen.shape(y))
    x, y = (pen.op("Expand", each, np.array(shape, np.int64)) for each in (x, y))

    def remainder(a: Any, b: Any) -> Any:
        # The C library's is exact however large the quotient.
        rest = tirx.call_pure_extern(kind, "fmod" if kind == "float64" else "fmodf", a, b)
        if truncates:
            return rest
        differs = tirx.all(rest != 0, (rest < 0).astype("int32") != (b < 0).astype("int32"))
        return tirx.Select(differs, rest + b, rest)

    return pen.compute(
        "mod",
        lambda a, b: te.compute(shape, lambda *at: remainder(a(*at), b(*at))),
        x,
        y,
        dtype=x.dtype,
        shape=shape,
    )
