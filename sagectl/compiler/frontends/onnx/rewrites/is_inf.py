"""IsInf for one sign, or for none: TVM's knows both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    x = node.required(0)
    if x.dtype is not None and x.dtype.name in ("float16", "bfloat16"):
        x = pen.cast(x, "float32")
    positive = pen.op("Equal", x, pen.scalar(float("inf"), x))
    negative = pen.op("Equal", x, pen.scalar(float("-inf"), x))
    wants_positive = node.attribute("detect_positive", 1)
    wants_negative = node.attribute("detect_negative", 1)
    if wants_positive and wants_negative:
        return pen.op("Or", positive, negative)
    if wants_positive:
        return positive
    if wants_negative:
        return negative
    return pen.op("And", positive, negative)
