"""Half precision arithmetic, done in float32 and rounded where a half value is observed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.support import HALF_TYPES
from sagectl.compiler.frontends.onnx.typing import output_types

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value
    from sagectl.compiler.frontends.onnx.lowering import Lowering

# These say or keep a value's bits themselves.
_EXACT = frozenset({"BitCast", "Cast", "CastLike"})


class HalfFloats:
    """float16 and bfloat16 nodes widened to float32, without rounding between them.

    CPUs that compute in half precision are rare, and code for the others is some thirty
    times slower than float32; onnxruntime computes them in float32 too.
    """

    def __init__(self) -> None:
        # Rounded value -> what it was rounded from, kept alive together.
        self._wide: dict[int, tuple[Value, Value]] = {}

    def concerns(self, node: Node) -> bool:
        return node.op not in _EXACT and any(
            value is not None and _is_half(value) for value in node.inputs
        )

    def widened(self, node: Node, lowering: Lowering) -> list[Value | None]:
        """The node's outputs, computed in float32 and rounded to the types it declares."""
        from sagectl.compiler.frontends.onnx.builder import Builder

        pen = Builder(lowering, node.origin)
        inputs = tuple(self._float32(value, pen) for value in node.inputs)
        results = lowering.apply(replace(node, inputs=inputs))
        declared = [dtype for dtype, _ in output_types(node)]
        return [
            value
            if value is None or dtype is None or value.dtype == dtype
            else self._rounded(value, dtype, pen)
            for value, dtype in zip(results, declared, strict=False)
        ]

    def _float32(self, value: Value | None, pen: Builder) -> Value | None:
        if value is None or not _is_half(value):
            return value
        if id(value) in self._wide:
            return self._wide[id(value)][1]
        wide = pen.cast(value, "float32")
        self._wide[id(value)] = (value, wide)
        return wide

    def _rounded(self, value: Value, dtype: np.dtype[Any], pen: Builder) -> Value:
        narrow = pen.cast(value, dtype)
        self._wide[id(narrow)] = (narrow, value)
        return narrow


def _is_half(value: Value) -> bool:
    return value.dtype is not None and value.dtype.name in HALF_TYPES
