"""Pooling over blocked images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.blocked import Extents, bordered

if TYPE_CHECKING:
    from tvm.te import Tensor

    from sagectl.compiler.passes.nests.convolution import Window

MAXIMUM = "maximum_pooling"
SUM = "sum_pooling"


def _reached(image: Tensor, kernel: Extents, window: Window, output: Extents) -> Extents:
    """The padding that the windows of ``output`` touch, which ``ceil_mode`` widens."""
    top, left, _, _ = window.padding
    height, span = ints(image.shape)[2:4]
    down = (output[0] - 1) * window.strides[0] + (kernel[0] - 1) * window.dilation[0] + 1
    across = (output[1] - 1) * window.strides[1] + (kernel[1] - 1) * window.dilation[1] + 1
    return (top, left, max(0, down - height - top), max(0, across - span - left))


def maximum(image: Tensor, kernel: Extents, window: Window, output: Extents) -> Tensor:
    """The largest value under each window."""
    from tvm import te, tirx

    lowest = float(tirx.min_value(image.dtype).value)
    source = bordered(image, _reached(image, kernel, window, output), lowest)
    y = te.reduce_axis((0, kernel[0]), name="y")
    x = te.reduce_axis((0, kernel[1]), name="x")

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        row = h * window.strides[0] + y * window.dilation[0]
        column = w * window.strides[1] + x * window.dilation[1]
        return te.max(source[n, c, row, column, v], axis=[y, x])

    batch, blocks, _, _, width = ints(image.shape)
    return te.compute((batch, blocks, *output, width), element, name=MAXIMUM)


def average(
    image: Tensor, kernel: Extents, window: Window, output: Extents, *, counts_padding: bool
) -> Tensor:
    """The mean under each window, over the image's own values or the padding's too."""
    from tvm import te, tirx

    source = bordered(image, _reached(image, kernel, window, output))
    batch, blocks, height, span, width = ints(image.shape)
    y = te.reduce_axis((0, kernel[0]), name="y")
    x = te.reduce_axis((0, kernel[1]), name="x")

    def total(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        row = h * window.strides[0] + y * window.dilation[0]
        column = w * window.strides[1] + x * window.dilation[1]
        return te.sum(source[n, c, row, column, v], axis=[y, x])

    def covered(place: Any, axis: int, extent: int) -> Any:
        before, after = window.padding[axis], window.padding[axis + 2]
        low, high = (-before, extent + after) if counts_padding else (0, extent)
        start = place * window.strides[axis] - before
        step, size = window.dilation[axis], kernel[axis]
        if step == 1:
            return tirx.min(start + size, high) - tirx.max(start, low)
        inside = [
            tirx.all(start + k * step >= low, start + k * step < high) for k in range(size)
        ]
        return sum((tirx.Cast("int32", test) for test in inside), tirx.const(0, "int32"))

    def scale(h: Any, w: Any) -> Any:
        if not any(source.shape[axis] != image.shape[axis] for axis in (2, 3)):
            return tirx.const(1.0 / (kernel[0] * kernel[1]), image.dtype)
        count = covered(h, 0, height) * covered(w, 1, span)
        return tirx.const(1.0, image.dtype) / tirx.Cast(image.dtype, count)

    extents = (batch, blocks, *output, width)
    summed = te.compute(extents, total, name=SUM)
    return te.compute(
        extents, lambda n, c, h, w, v: summed[n, c, h, w, v] * scale(h, w), name="mean"
    )


def whole(image: Tensor, *, mode: str) -> Tensor:
    """The mean, variance or maximum of each channel, as an image of one pixel."""
    from tvm import te, tirx

    batch, blocks, height, span, width = ints(image.shape)
    y = te.reduce_axis((0, height), name="y")
    x = te.reduce_axis((0, span), name="x")
    extents = (batch, blocks, 1, 1, width)
    if mode == "max":
        return te.compute(
            extents,
            lambda n, c, h, w, v: te.max(image[n, c, y, x, v], axis=[y, x]),
            name=MAXIMUM,
        )
    summed = te.compute(
        extents, lambda n, c, h, w, v: te.sum(image[n, c, y, x, v], axis=[y, x]), name=SUM
    )
    scale = tirx.const(1.0 / (height * span), image.dtype)
    mean = te.compute(extents, lambda *at: summed[at] * scale, name="mean")
    if mode == "mean":
        return mean

    def squared(n: Any, c: Any, v: Any) -> Any:
        distance = image[n, c, y, x, v] - mean[n, c, 0, 0, v]
        return distance * distance

    squares = te.compute(
        extents, lambda n, c, h, w, v: te.sum(squared(n, c, v), axis=[y, x]), name="squares"
    )
    return te.compute(extents, lambda *at: squares[at] * scale, name="variance")
