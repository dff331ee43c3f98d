"""onnxruntime's RotaryEmbedding: each head turned by the angle of its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x, places = node.required(0), node.required(1)
    cosines, sines = node.required(2), node.required(3)
    shape = pen.shape(x)
    length = shape[1] if len(shape) == 3 else shape[2]
    if pen.shape(places) == (1,):
        # Where the first of each sequence is; the others follow.
        places = pen.op("Add", pen.reshape(places, (1, 1)), np.arange(length)[np.newaxis])
        places = pen.op("Expand", places, np.array([shape[0], length], np.int64))
    is_interleaved = bool(node.attribute("interleaved", 0))
    if len(shape) == 4:
        return turned(x, places, cosines, sines, is_interleaved, pen)
    heads = node.attribute("num_heads", 0)
    width = shape[2] // heads if heads else 2 * pen.shape(cosines)[1]
    apart = pen.reshape(x, (shape[0], length, shape[2] // width, width))
    made = turned(
        pen.transpose(apart, (0, 2, 1, 3)), places, cosines, sines, is_interleaved, pen
    )
    return pen.reshape(pen.transpose(made, (0, 2, 1, 3)), shape)


def turned(
    x: Value, places: Value, cosines: Value, sines: Value, is_interleaved: bool, pen: Builder
) -> Value:
    """``x`` [batch, heads, length, width] by the rows that ``places`` picks of two tables."""
    batch, _, length, _ = pen.shape(x)
    half = pen.shape(cosines)[1]
    cosine, sine = (
        pen.reshape(pen.op("Gather", table, places, axis=0), (batch, 1, length, half))
        for table in (cosines, sines)
    )
    one, other, rest = _halves(x, half, is_interleaved, pen)
    real = pen.op("Sub", pen.op("Mul", one, cosine), pen.op("Mul", other, sine))
    imaginary = pen.op("Add", pen.op("Mul", one, sine), pen.op("Mul", other, cosine))
    if is_interleaved:
        pairs = pen.stack([real, imaginary], 4)
        made = pen.reshape(pairs, (*pen.shape(x)[:3], 2 * half))
    else:
        made = pen.concat([real, imaginary], 3)
    return made if rest is None else pen.concat([made, rest], 3)


def _halves(
    x: Value, half: int, is_interleaved: bool, pen: Builder
) -> tuple[Value, Value, Value | None]:
    """The coordinates that turn together, and those behind them that do not turn."""
    width = pen.shape(x)[3]
    rest = pen.slice(x, 3, 2 * half, width) if 2 * half < width else None
    if is_interleaved:
        one, other = (pen.slice(x, 3, at, 2 * half, 2) for at in (0, 1))
    else:
        one, other = (pen.slice(x, 3, at, at + half) for at in (0, half))
    return one, other, rest
