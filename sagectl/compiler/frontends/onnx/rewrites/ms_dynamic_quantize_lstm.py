"""onnxruntime's LSTM of 8-bit weights, computed with the reals that they stand for.

onnxruntime rounds each step's operands to 8 bits as well, from their range in that step;
without it the result is the more exact one, within the tolerance of quantised models.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

_WEIGHTS = {1: (8, 9), 2: (10, 11)}
_LSTM_INPUTS = 8


def rewritten(node: Node, pen: Builder) -> list[Value | None]:
    inputs = [node.input(place) for place in range(_LSTM_INPUTS)]
    for place, (scale, zero) in _WEIGHTS.items():
        inputs[place] = _real(node.required(place), node.required(scale), node.input(zero), pen)
    lstm = replace(node, op="LSTM", domain="", version=14, inputs=tuple(inputs))
    return pen.lowered(lstm)


def _real(weights: Value, scale: Value, zero: Value | None, pen: Builder) -> Value:
    """``[directions, rows, gates * hidden]`` as the LSTM has it, rows last.

    A scale is one for each direction, or one for each gate and unit as well.
    """
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import centred

    def spread(value: Value) -> Value:
        shape = pen.shape(value)
        return pen.reshape(value, (shape[0], 1, shape[1] if len(shape) > 1 else 1))

    whole = centred(weights, None if zero is None else spread(zero), pen)
    real = pen.op("Mul", pen.cast(whole, "float32"), spread(scale))
    return pen.transpose(real, (0, 2, 1))
