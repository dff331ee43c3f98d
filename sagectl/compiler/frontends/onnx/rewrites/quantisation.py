"""Integer arithmetic that the quantised operators share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def along(parameter: Value, rank: int, axis: int, pen: Builder) -> Value:
    """A scale or zero point, one for all or a vector of them along ``axis`` of ``rank``."""
    shape = pen.shape(parameter)
    if len(shape) > 1:
        return parameter
    if shape in ((), (1,)):
        return pen.reshape(parameter, ())
    full = [1] * rank
    full[axis] = shape[0]
    return pen.reshape(parameter, full)


def centred(x: Value, zero: Value | None, pen: Builder) -> Value:
    """``x - zero`` in int32."""
    wide = pen.cast(x, "int32")
    return wide if zero is None else pen.op("Sub", wide, pen.cast(zero, "int32"))


def convolved(
    node: Node, x: Value, x_zero: Value | None, w: Value, w_zero: Value | None, pen: Builder
) -> Value:
    """The int32 convolution of a quantised node.

    It is computed in float32 where every partial sum is an integer below 2^24, hence exact,
    and in float64 otherwise.
    """
    filters = pen.shape(w)
    left = centred(x, x_zero and pen.reshape(x_zero, ()), pen)
    right = centred(w, w_zero and along(w_zero, len(filters), 0, pen), pen)
    kind = "float32" if _largest_sum(right, filters) < 1 << 24 else "float64"
    names = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
    product = pen.op(
        "Conv",
        pen.cast(left, kind),
        pen.cast(right, kind),
        **{name: node.attribute(name) for name in names},
    )
    return pen.cast(product, "int32")


def _largest_sum(weights: Value, filters: tuple[int, ...]) -> int:
    """What no partial sum of products with bytes exceeds."""
    import numpy as np

    if weights.data is None:
        return int(np.prod(filters[1:])) * 255 * 255
    rows = np.abs(weights.data.astype(np.int64)).reshape(filters[0], -1)
    return int(rows.sum(axis=1).max(initial=0)) * 255


def requantised(
    accumulated: Value, scale: Value, y_scale: Value, y_zero: Value, pen: Builder
) -> Value:
    """``round(accumulated * scale / y_scale) + y_zero``, saturated to the zero point's type."""
    import numpy as np

    dtype = y_zero.dtype
    assert dtype is not None
    ratio = pen.op(
        "Div", pen.cast(scale, "float32"), pen.reshape(pen.cast(y_scale, "float32"), ())
    )
    real = pen.op("Mul", pen.cast(accumulated, "float32"), ratio)
    whole = pen.op("Round", real)
    moved = pen.op("Add", whole, pen.reshape(pen.cast(y_zero, "float32"), ()))
    limits = np.iinfo(dtype)
    low, high = np.float32(limits.min), np.float32(limits.max)
    return pen.cast(pen.op("Min", pen.op("Max", moved, low), high), dtype)
