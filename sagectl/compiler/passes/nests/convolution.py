"""Convolutions over blocked images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.blocked import BORDER, Extents, blocks_of, bordered

if TYPE_CHECKING:
    import numpy as np
    from tvm.te import Tensor

DIRECT = "direct_convolution"
DEPTHWISE = "depthwise_convolution"


@dataclass(frozen=True, slots=True)
class Window:
    """How a kernel moves over an image; ``padding`` is (top, left, bottom, right)."""

    strides: Extents
    padding: Extents
    dilation: Extents

    def output(self, image: Extents, kernel: Extents) -> Extents:
        """The height and width of the result."""
        top, left, bottom, right = self.padding
        around = (top + bottom, left + right)
        return tuple(
            (extent + pad - dilation * (size - 1) - 1) // stride + 1
            for extent, pad, dilation, size, stride in zip(
                image, around, self.dilation, kernel, self.strides, strict=True
            )
        )


@dataclass(frozen=True, slots=True)
class Groups:
    """Which input blocks a block of outputs reads, when channels come in groups.

    Output block ``o`` reads ``span`` blocks from ``first(o)`` on. The weights of channels in
    these blocks that belong to no group of ``o`` are zero, so group sizes may be anything.
    """

    outputs: int
    inputs: int
    width: int
    span: int
    blocks: int

    @classmethod
    def of(cls, outputs: int, inputs: int, count: int, width: int) -> Groups:
        """The reads of ``outputs`` channels made from ``inputs`` in ``count`` groups."""
        blocks = blocks_of(inputs, width)
        made = cls(outputs // count, inputs // count, width, 0, blocks)
        reads = range(blocks_of(outputs, width))
        span = max(made.end(block, outputs) - made.first(block) for block in reads)
        return replace(made, span=span)

    def first(self, block: Any) -> Any:
        """The first input block that an output block reads."""
        from tvm import tirx

        first = block * self.width // self.outputs * self.inputs // self.width
        last = self.blocks - self.span
        return min(first, last) if isinstance(first, int) else tirx.min(first, last)

    def end(self, block: int, outputs: int) -> int:
        """The input block after the last that an output block reads."""
        last = min(block * self.width + self.width, outputs) - 1
        return blocks_of((last // self.outputs + 1) * self.inputs, self.width)


def direct(
    image: Tensor, weights: Tensor, window: Window, groups: Groups | None = None
) -> Tensor:
    """A convolution; ``weights`` are ``[O/v, I/i, KH, KW, i, v]``.

    A plain ``[N, C, H, W]`` image serves where the channels are too few for blocks.
    """
    from tvm import te

    outputs, spans, *kernel, inner, width = ints(weights.shape)
    plain = len(image.shape) == 4
    source = plain_border(image, window.padding) if plain else bordered(image, window.padding)
    extents = ints(image.shape)[2:4]
    height, span = window.output(extents, tuple(kernel))
    i = te.reduce_axis((0, spans), name="i")
    y = te.reduce_axis((0, kernel[0]), name="y")
    x = te.reduce_axis((0, kernel[1]), name="x")
    u = te.reduce_axis((0, inner), name="u")

    def element(n: Any, o: Any, h: Any, w: Any, v: Any) -> Any:
        row = h * window.strides[0] + y * window.dilation[0]
        column = w * window.strides[1] + x * window.dilation[1]
        block = i if groups is None else i + groups.first(o)
        pixel = source[n, u, row, column] if plain else source[n, block, row, column, u]
        return te.sum(pixel * weights[o, i, y, x, u, v], axis=[i, y, x, u])

    batch = ints(image.shape)[0]
    return te.compute((batch, outputs, height, span, width), element, name=DIRECT)


def gathered(image: Tensor, weights: Tensor, table: Tensor, window: Window) -> Tensor:
    """A convolution in groups; ``weights`` are ``[O/v, I, KH, KW, 1, v]``, I those of a group.

    ``table`` tells in which slot of the image each input of a group lies: channels may lie in
    any order, and no group pays for another's. A group's outputs fill whole blocks.
    """
    from tvm import te

    outputs, inputs, *kernel, _, width = ints(weights.shape)
    each = outputs // ints(table.shape)[0]
    source = bordered(image, window.padding)
    height, span = window.output(ints(image.shape)[2:4], tuple(kernel))
    i = te.reduce_axis((0, inputs), name="i")
    y = te.reduce_axis((0, kernel[0]), name="y")
    x = te.reduce_axis((0, kernel[1]), name="x")
    u = te.reduce_axis((0, 1), name="u")

    def element(n: Any, o: Any, h: Any, w: Any, v: Any) -> Any:
        row = h * window.strides[0] + y * window.dilation[0]
        column = w * window.strides[1] + x * window.dilation[1]
        slot = table[o // each, i]
        block, lane = slot >> (width.bit_length() - 1), slot & (width - 1)
        pixel = source[n, block, row, column, lane]
        return te.sum(pixel * weights[o, i, y, x, u, v], axis=[i, y, x, u])

    batch = ints(image.shape)[0]
    return te.compute((batch, outputs, height, span, width), element, name=DIRECT)


def plain_border(image: Tensor, padding: Extents) -> Tensor:
    """A plain image with zeros around it."""
    from tvm import te, tirx

    if not any(padding):
        return image
    top, left, bottom, right = padding
    batch, channels, height, span = ints(image.shape)

    def element(n: Any, c: Any, h: Any, w: Any) -> Any:
        inside = tirx.all(h >= top, h < top + height, w >= left, w < left + span)
        zero = tirx.const(0, image.dtype)
        return tirx.if_then_else(inside, image[n, c, h - top, w - left], zero)

    extents = (batch, channels, height + top + bottom, span + left + right)
    return te.compute(extents, element, name=BORDER)


def depthwise(image: Tensor, weights: Tensor, window: Window) -> Tensor:
    """A convolution of each channel with a kernel of its own; ``[C/v, KH, KW, v]``."""
    from tvm import te

    source = bordered(image, window.padding)
    batch, blocks, *extents, width = ints(image.shape)
    kernel = ints(weights.shape)[1:3]
    height, span = window.output(tuple(extents), kernel)
    y = te.reduce_axis((0, kernel[0]), name="y")
    x = te.reduce_axis((0, kernel[1]), name="x")

    def element(n: Any, c: Any, h: Any, w: Any, v: Any) -> Any:
        row = h * window.strides[0] + y * window.dilation[0]
        column = w * window.strides[1] + x * window.dilation[1]
        return te.sum(source[n, c, row, column, v] * weights[c, y, x, v], axis=[y, x])

    return te.compute((batch, blocks, height, span, width), element, name=DEPTHWISE)


def packed_weights(weights: np.ndarray[Any, Any], width: int, inner: int) -> Any:
    """``[O, I, KH, KW]`` as ``[O/v, I/i, KH, KW, i, v]``, zero where no channel is."""
    import numpy as np

    outputs, inputs, *kernel = weights.shape
    filled = np.zeros(
        (-(-outputs // width) * width, -(-inputs // inner) * inner, *kernel), "f4"
    )
    filled[:outputs, :inputs] = weights
    split = filled.reshape(-1, width, filled.shape[1] // inner, inner, *kernel)
    return np.ascontiguousarray(split.transpose(0, 2, 4, 5, 3, 1))


def packed_group_weights(weights: np.ndarray[Any, Any], groups: Groups, inputs: int) -> Any:
    """``[O, I/g, KH, KW]`` as ``[O/v, span, KH, KW, v, v]``, zero outside the groups."""
    import numpy as np

    outputs, each, *kernel = weights.shape
    width, blocks = groups.width, -(-outputs // groups.width)
    filled = np.zeros((blocks, width, groups.span * width, *kernel), "f4")
    for channel in range(outputs):
        block, lane = divmod(channel, width)
        start = channel // groups.outputs * each - groups.first(block) * width
        filled[block, lane, start : start + each] = weights[channel]
    split = filled.reshape(blocks, width, groups.span, width, *kernel)
    return np.ascontiguousarray(split.transpose(0, 2, 4, 5, 3, 1))


def packed_gathered_weights(weights: np.ndarray[Any, Any], count: int, width: int) -> Any:
    """``[O, I, KH, KW]`` as ``[O/v, I, KH, KW, 1, v]``, each group's outputs in own blocks."""
    import numpy as np

    outputs, inputs, *kernel = weights.shape
    each = outputs // count
    filled = np.zeros((count, blocks_of(each, width) * width, inputs, *kernel), "f4")
    filled[:, :each] = weights.reshape(count, each, inputs, *kernel)
    split = filled.reshape(-1, width, inputs, *kernel)
    return np.ascontiguousarray(split.transpose(0, 2, 3, 4, 1)[:, :, :, :, None])


def grouped_order(outputs: int, count: int, width: int) -> Extents:
    """The slot of each output where every group fills blocks of its own."""
    each = outputs // count
    room = blocks_of(each, width) * width
    return tuple(channel // each * room + channel % each for channel in range(outputs))


def packed_depthwise_weights(
    weights: np.ndarray[Any, Any], width: int, slots: Extents, room: int
) -> Any:
    """``[C, 1, KH, KW]`` as ``[room/v, KH, KW, v]``, each channel's kernel in its slot."""
    import numpy as np

    kernel = weights.shape[2:]
    filled = np.zeros((room, *kernel), "f4")
    filled[list(slots)] = weights[:, 0]
    return np.ascontiguousarray(filled.reshape(-1, width, *kernel).transpose(0, 2, 3, 1))
