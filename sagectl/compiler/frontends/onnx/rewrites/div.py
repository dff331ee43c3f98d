"""Integer Div whose divisors a run finds: one of zero never ends the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    x, divisor = node.required(0), node.required(1)
    if x.dtype is None or x.dtype.kind not in "iu" or is_harmless(divisor):
        return None
    made = pen.ops("Div", x, harmless(divisor, pen), outputs=1, is_final=True)[0]
    if x.dtype.kind == "u":
        return made
    # What the processor cannot divide by minus one, it can negate: the least number, to itself.
    by_minus_one = pen.op("Equal", divisor, pen.scalar(-1, divisor))
    return pen.op("Where", by_minus_one, pen.op("Neg", x), made)


def is_harmless(divisor: Value) -> bool:
    """Whether it is known that the processor can divide any number by it.

    Raises Unsupported for a divisor that is known to be zero.
    """
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    if divisor.data is None:
        return False
    if (divisor.data == 0).any():
        raise Unsupported(f"{divisor.name!r} divides by zero")
    return divisor.data.dtype.kind == "u" or not (divisor.data == -1).any()


def harmless(divisor: Value, pen: Builder) -> Value:
    """The divisor with one for zero, where onnxruntime refuses a run, and for minus one."""
    one = pen.scalar(1, divisor)
    traps = pen.op("Equal", divisor, pen.scalar(0, divisor))
    if divisor.dtype is not None and divisor.dtype.kind == "i":
        traps = pen.op("Or", traps, pen.op("Equal", divisor, pen.scalar(-1, divisor)))
    return pen.op("Where", traps, one, divisor)
