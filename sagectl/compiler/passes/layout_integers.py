"""How quantised images go on in blocked layout, and which convolutions run on integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, dtype, operator, shape
from sagectl.compiler.passes.nests import integer

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.passes.layout import Image, LayoutWalk
    from sagectl.compiler.passes.nests.convolution import Window

    Array = np.ndarray[Any, Any]

BYTES = ("int8", "uint8")
DEQUANTISE = "relax.dequantize"


@dataclass(frozen=True, slots=True)
class Levels:
    """What an eight-bit tensor stands for: ``scale * (value - zero)``, one of each for all."""

    value: Any
    scale: float
    zero: int


def levels(call: Any) -> Levels | None:
    """What a quantisation or its inverse says, if it says the same of all values."""
    scale, zero = (constant(arg) for arg in call.args[1:3])
    if scale is None or zero is None or scale.size != 1 or zero.size != 1:
        return None
    return Levels(call.args[0], float(scale.reshape(())), int(zero.reshape(())))


def quantise(walk: LayoutWalk, call: Any) -> Image | None:
    """A blocked image as integers."""
    found, made = levels(call), dtype(call)
    if found is None or made not in BYTES or not walk.is_blocked(found.value):
        return None
    image = walk.image(found.value)
    return walk.emit_te(
        "quantise",
        image.channels,
        lambda x: integer.quantised(x, found.scale, found.zero, made),
        image.value,
        order=image.order,
    )


def dequantise(walk: LayoutWalk, call: Any) -> Image | None:
    """A blocked image of integers as real values."""
    found = levels(call)
    if found is None or dtype(found.value) not in BYTES or not walk.is_blocked(found.value):
        return None
    image = walk.image(found.value)
    if not image.is_full:
        return None
    return walk.emit_te(
        "dequantise",
        image.channels,
        lambda x: integer.real(x, found.scale, found.zero),
        image.value,
        order=image.order,
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """A convolution of integers: its operands, and what its sums stand for.

    An output channel's real value is ``scale * (sum + offset)``.
    """

    image: Any
    weights: Any
    window: Window
    zero: int
    made: str
    scale: Array
    offset: Array

    def nest(self, image: Any, weights: Any) -> Any:
        """The tensor expression of the sums."""
        return integer.convolution(image, weights, self.window, self.zero, self.made)


def convolution(walk: LayoutWalk, call: Any, moves: Window) -> Image | None:
    """A convolution of a quantised image with quantised weights, where an instruction helps."""
    from tvm.relax import const

    found = sums(walk, call, moves)
    if found is None:
        return None
    return walk.emit_te(
        "integer_conv2d",
        found.scale.size,
        lambda x, w, o, s: integer.scaled(found.nest(x, w), o, s),
        found.image,
        found.weights,
        const(integer.by_blocks(found.offset, walk.width, "int32")),
        const(integer.by_blocks(found.scale, walk.width, "float32")),
    )


def sums(walk: LayoutWalk, call: Any, moves: Window) -> Sums | None:
    """The sums of a convolution whose operands were dequantised right before it."""
    import numpy as np
    from tvm.relax import const

    source, kernel = (walk.old.get(arg) for arg in call.args)
    if walk.dot is None or source is None or kernel is None:
        return None
    if operator(source) != DEQUANTISE or operator(kernel) != DEQUANTISE:
        return None
    found, channels = levels(source), (shape(call) or ())[1]
    whole, scale, zero = (constant(arg) for arg in kernel.args)
    if found is None or whole is None or scale is None or zero is None or zero.any():
        return None
    if dtype(found.value) not in BYTES or str(whole.dtype) != "int8":
        return None
    made = walk.dot.image
    shift = 0 if dtype(found.value) == made else (128 if made == "uint8" else -128)
    origin = found.zero + shift
    image = _in_quads(walk, found.value)
    packed = integer.packed_weights(whole, walk.width, image.slots, image.room)
    totals = whole.reshape(channels, -1).sum(axis=1, dtype=np.int64)
    scales = np.broadcast_to(scale.reshape(-1), channels).astype(np.float64) * found.scale
    return Sums(image.value, const(packed), moves, origin, made, scales, -origin * totals)


def _in_quads(walk: LayoutWalk, value: Any) -> Image:
    """An image in blocks; few channels that are in none yet fill whole quads, no vector."""
    from sagectl.compiler.passes.layout import Image
    from sagectl.compiler.passes.nests.blocked import packed

    channels = (shape(value) or ())[1]
    if walk.is_blocked(value) or channels > walk.width // 2:
        return walk.image(value)
    made = walk.builder.emit_te(
        packed, walk.value(value), integer.QUAD, primfunc_name_hint="pack"
    )
    return Image(made, channels)
