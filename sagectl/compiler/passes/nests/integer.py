"""Convolutions of eight-bit integers: four products at a time into sums of 32 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.blocked import BORDER

if TYPE_CHECKING:
    import numpy as np
    from tvm.te import Tensor

    from sagectl.compiler.passes.nests.blocked import Extents
    from sagectl.compiler.passes.nests.convolution import Window

INTEGER = "integer_convolution"

# Inputs that one instruction multiplies and adds up.
QUAD = 4


def convolution(image: Tensor, weights: Tensor, window: Window, zero: int, made: str) -> Tensor:
    """The sums of a convolution; ``weights`` are ``[O/v, I/4, KH, KW, v, 4]``.

    The blocked image is brought to the type ``made``, whose zero point is ``zero``, where it
    is of the other sign.
    """
    from tvm import te

    outputs, quads, *kernel, width, _ = ints(weights.shape)
    source = shifted(image, window.padding, zero, made)
    height, span = window.output(ints(image.shape)[2:4], tuple(kernel))
    each = ints(image.shape)[4] // QUAD
    i = te.reduce_axis((0, quads), name="i")
    y = te.reduce_axis((0, kernel[0]), name="y")
    x = te.reduce_axis((0, kernel[1]), name="x")
    u = te.reduce_axis((0, QUAD), name="u")

    def element(n: Any, o: Any, h: Any, w: Any, v: Any) -> Any:
        row = h * window.strides[0] + y * window.dilation[0]
        column = w * window.strides[1] + x * window.dilation[1]
        pixel = source[n, i // each, row, column, i % each * QUAD + u]
        weight = weights[o, i, y, x, v, u]
        return te.sum(pixel.astype("int32") * weight.astype("int32"), axis=[i, y, x, u])

    batch = ints(image.shape)[0]
    return te.compute((batch, outputs, height, span, width), element, name=INTEGER)


def scaled(sums: Tensor, offset: Tensor, scale: Tensor) -> Tensor:
    """The real values of sums; ``offset`` and ``scale`` are ``[O/v, v]``."""
    from tvm import te

    return te.compute(
        sums.shape,
        lambda n, o, h, w, v: (
            (sums[n, o, h, w, v] + offset[o, v]).astype("float32") * scale[o, v]
        ),
        name="real",
    )


def requantised(
    sums: Tensor, scale: Tensor, offset: Tensor, bounds: tuple[float, float], made: str
) -> Tensor:
    """Sums as the integers of the next image, ``scale * sum + offset`` within ``bounds``."""
    from tvm import te

    def element(n: Any, o: Any, h: Any, w: Any, v: Any) -> Any:
        level = sums[n, o, h, w, v].astype("float32") * scale[o, v] + offset[o, v]
        return nearest(level, bounds).astype(made)

    return te.compute(sums.shape, element, name="requantise")


def nearest(level: Any, bounds: tuple[float, float]) -> Any:
    """The integer of 32 bits next to a real, the even one of two; its low byte is exact.

    Beyond 2^23 reals have no places after the point: adding as much rounds, as any addition
    does, and leaves the integer in the lowest bits.
    """
    from tvm import tirx

    low, high = (tirx.const(bound, "float32") for bound in bounds)
    bounded = tirx.max(tirx.min(level, high), low)
    return tirx.reinterpret("int32", bounded + tirx.const(1.5 * 2**23, "float32"))


def shifted(image: Tensor, padding: Extents, zero: int, made: str) -> Tensor:
    """A blocked image in the type ``made``, zero points around it."""
    from tvm import te, tirx

    if not any(padding) and image.dtype == made:
        return image
    top, left, bottom, right = padding
    batch, blocks, height, span, width = ints(image.shape)
    flip = tirx.const(0 if image.dtype == made else 128, "uint8")

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        inside = tirx.all(h >= top, h < top + height, w >= left, w < left + span)
        # Adding 128 and taking it off are both the flip of the highest bit.
        bits = tirx.reinterpret("uint8", image[n, c, h - top, w - left, v]) ^ flip
        value = tirx.reinterpret(made, bits)
        if not any(padding):
            return value
        return tirx.if_then_else(inside, value, tirx.const(zero, made))

    extents = (batch, blocks, height + top + bottom, span + left + right, width)
    return te.compute(extents, element, name=BORDER)


def packed_weights(weights: np.ndarray[Any, Any], width: int, slots: Extents, room: int) -> Any:
    """``[O, I, KH, KW]`` as ``[O/v, I/4, KH, KW, v, 4]``, each input in its slot."""
    import numpy as np

    outputs, _, *kernel = weights.shape
    quads = -(-(max(slots) + 1) // QUAD)
    filled = np.zeros((-(-outputs // width) * width, max(room, quads * QUAD), *kernel), "i1")
    filled[:outputs, list(slots)] = weights
    split = filled[:, : quads * QUAD].reshape(-1, width, quads, QUAD, *kernel)
    return np.ascontiguousarray(split.transpose(0, 2, 4, 5, 1, 3))


def by_blocks(values: np.ndarray[Any, Any], width: int, dtype: str) -> Any:
    """A value per output channel as ``[O/v, v]``."""
    import numpy as np

    made = np.zeros(-(-values.size // width) * width, dtype)
    made[: values.size] = values
    return made.reshape(-1, width)


def quantised(image: Tensor, scale: float, zero: int, made: str) -> Tensor:
    """Real values as the nearest of the integers that stand for them."""
    from tvm import te, tirx

    low, high = limits(made)

    def element(*at: Any) -> Any:
        level = image[at] * tirx.const(1.0 / scale, "float32")
        # The zero point comes after the rounding: of two as near, the even one is meant.
        level = nearest(level, (low - zero, high - zero)) + tirx.const(zero, "int32")
        return level.astype(made)

    return te.compute(image.shape, element, name="quantise")


def limits(made: str) -> tuple[float, float]:
    """The least and the largest integer of a type."""
    from tvm import tirx

    return float(tirx.min_value(made).value), float(tirx.max_value(made).value)


def real(image: Tensor, scale: float, zero: int) -> Tensor:
    """The real values that integers stand for."""
    from tvm import te, tirx

    return te.compute(
        image.shape,
        lambda *at: (
            (image[at].astype("int32") - tirx.const(zero, "int32")).astype("float32")
            * tirx.const(scale, "float32")
        ),
        name="dequantise",
    )
