"""Pow between element types: the result has the base's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    base, exponent = node.required(0), node.required(1)
    if base.dtype is None or (base.dtype.kind == "f" and base.dtype == exponent.dtype):
        return None
    # Integer powers are exact in float64 as far as they are in 53 bits.
    computed = base.dtype if base.dtype.kind == "f" else "float64"
    power = pen.op("Pow", pen.cast(base, computed), pen.cast(exponent, computed))
    if base.dtype.kind == "f":
        return power
    if exponent.dtype is not None and exponent.dtype.kind == "f":
        return pen.cast(power, base.dtype)
    return pen.cast(pen.op("Round", power), base.dtype)
