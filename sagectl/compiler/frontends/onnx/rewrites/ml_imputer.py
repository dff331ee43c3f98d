"""ONNX-ML's Imputer: another number, or one per feature, for the one that means missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = node.required(0)
    kind = "int64" if x.dtype is not None and x.dtype.kind in "iu" else "float"
    given = np.array(node.attribute(f"imputed_value_{kind}s") or [], x.dtype)
    if not given.size:
        raise Unsupported(f"no imputed_value_{kind}s for numbers of {x.dtype}")
    missing = np.array(node.attribute(f"replaced_value_{kind}", 0), x.dtype)
    # Where there are not as many as features, the first is everyone's.
    filled = given if given.size == pen.shape(x)[-1] else given[:1]
    is_nan = kind == "float" and bool(np.isnan(missing))
    is_missing = pen.op("IsNaN", x) if is_nan else pen.op("Equal", x, missing)
    return pen.op("Where", is_missing, filled, x)
