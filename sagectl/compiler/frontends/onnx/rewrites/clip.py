"""Clip as Max and Min: its bounds may be known at run time only, and a NaN stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import ml_dtypes

    x = node.required(0)
    assert x.dtype is not None
    low, high = node.input(1), node.input(2)
    if node.version < 11:
        given = (node.attribute("min", None), node.attribute("max", None))
        low, high = (n if n is None else pen.value(pen.scalar(n, x)) for n in given)
    if x.dtype.kind not in "iu":
        # By its definition a bound that is left out is the last finite number, not infinity.
        limits = ml_dtypes.finfo(x.dtype)  # type: ignore[no-untyped-call]
        low = pen.value(limits.min) if low is None else low
        high = pen.value(limits.max) if high is None else high
    if low is not None:
        x = pen.op("Max", x, pen.reshape(low, ()))
    return x if high is None else pen.op("Min", x, pen.reshape(high, ()))
