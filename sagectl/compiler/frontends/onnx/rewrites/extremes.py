"""Max and Min that a NaN in any operand makes NaN: the machine's give the second operand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    operands = [value for value in node.inputs if value is not None]
    first = operands[0]
    if len(operands) < 2 or first.dtype is None or first.dtype.kind in "iub":
        return None
    result = first
    for other in operands[1:]:
        result = _of_two(node.op, result, other, pen)
    return result


def _of_two(op: str, a: Value, b: Value, pen: Builder) -> Value:
    a, b = (b, a) if _is_number(b) else (a, b)
    made = pen.ops(op, a, b, outputs=1, is_final=True)[0]
    return made if _is_number(a) else pen.op("Where", pen.op("IsNaN", a), a, made)


def _is_number(value: Value) -> bool:
    """Whether it is known that no element is NaN."""
    return value.data is not None and bool((value.data == value.data).all())
