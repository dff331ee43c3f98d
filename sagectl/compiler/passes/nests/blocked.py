"""Images in blocked layout: ``[N, C/v, H, W, v]``, the last channels of a block padded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints

if TYPE_CHECKING:
    import numpy as np
    from tvm.te import Tensor

Extents = tuple[int, ...]

BORDER = "border"


def blocks_of(channels: int, width: int) -> int:
    """How many blocks hold the channels."""
    return -(-channels // width)


def packed(image: Tensor, width: int) -> Tensor:
    """``[N, C, H, W]`` in blocks; channels that do not exist are zero."""
    from tvm import te, tirx

    batch, channels, height, span = ints(image.shape)
    full = channels % width == 0

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        channel = c * width + v
        if full:
            return image[n, channel, h, w]
        zero = tirx.const(0, image.dtype)
        return tirx.if_then_else(channel < channels, image[n, channel, h, w], zero)

    extents = (batch, blocks_of(channels, width), height, span, width)
    return te.compute(extents, element, name="pack")


def unpacked(image: Tensor, channels: int) -> Tensor:
    """Blocks as ``[N, C, H, W]``."""
    from tvm import te

    batch, _, height, span, width = ints(image.shape)
    return te.compute(
        (batch, channels, height, span),
        lambda n, c, h, w: image[n, c // width, h, w, c % width],
        name="unpack",
    )


def picked(image: Tensor, slots: Tensor) -> Tensor:
    """Blocks as ``[N, C, H, W]``, each channel from the slot that a table tells."""
    from tvm import te

    batch, _, height, span, width = ints(image.shape)

    def element(n: Any, c: Any, h: Any, w: Any) -> Any:
        slot = slots[c]
        return image[n, slot >> _log2(width), h, w, slot & (width - 1)]

    return te.compute((batch, *ints(slots.shape), height, span), element, name="unpack")


def bordered(image: Tensor, padding: Extents, value: float = 0.0) -> Tensor:
    """A blocked image with ``(top, left, bottom, right)`` rows and columns around it."""
    from tvm import te, tirx

    if not any(padding):
        return image
    top, left, bottom, right = padding
    batch, blocks, height, span, width = ints(image.shape)

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        inside = tirx.all(h >= top, h < top + height, w >= left, w < left + span)
        border = tirx.const(value, image.dtype)
        return tirx.if_then_else(inside, image[n, c, h - top, w - left, v], border)

    extents = (batch, blocks, height + top + bottom, span + left + right, width)
    return te.compute(extents, element, name=BORDER)


def concatenated(images: list[Tensor], channels: list[int]) -> Tensor:
    """Blocked images one after another along their channels, whatever their number."""
    from tvm import te, tirx

    batch, _, height, span, width = ints(images[0].shape)
    total = sum(channels)

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        channel = c * width + v
        made: Any = tirx.const(0, images[0].dtype)
        start = total
        for image, count in zip(reversed(images), reversed(channels), strict=True):
            start -= count
            local = channel - start
            value = image[n, local // width, h, w, local % width]
            inside = channel < start + count
            made = tirx.if_then_else(inside, value, made)
        return made

    extents = (batch, blocks_of(total, width), height, span, width)
    return te.compute(extents, element, name="concat")


def sources(old: Extents, new: Extents, width: int) -> np.ndarray[Any, Any]:
    """For each slot of a new order of channels the old slot; -1 where no channel will lie."""
    import numpy as np

    table = np.full(blocks_of(max(new) + 1, width) * width, -1, np.int32)
    table[list(new)] = old
    return table


def moved(image: Tensor, table: Tensor) -> Tensor:
    """The channels of an image in the slots that ``sources`` tells."""
    from tvm import te, tirx

    batch, _, height, span, width = ints(image.shape)
    room = ints(table.shape)[0]

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        slot = table[c * width + v]
        value = image[n, slot >> _log2(width), h, w, slot & (width - 1)]
        return tirx.if_then_else(slot >= 0, value, tirx.const(0, image.dtype))

    return te.compute((batch, room // width, height, span, width), element, name="move")


def _log2(width: int) -> int:
    return width.bit_length() - 1
