"""How convolutions go on in blocked layout: which nest serves, its weights packed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes import layout_integers
from sagectl.compiler.passes.constants import dequantised
from sagectl.compiler.passes.graph import constant, ints, operator, shape
from sagectl.compiler.passes.layout import FLOAT, Image, LayoutWalk
from sagectl.compiler.passes.nests import convolution, winograd
from sagectl.compiler.passes.nests.blocked import blocks_of
from sagectl.compiler.passes.nests.convolution import Groups, Window

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def window(attrs: Any) -> Window:
    """The window of a convolution's or a pooling's attributes."""
    padding = ints(attrs.padding)
    padding = padding * 2 if len(padding) == 2 else padding
    return Window(ints(attrs.strides), padding, ints(attrs.dilation))


def conv2d(walk: LayoutWalk, call: Any) -> Image | None:
    """A convolution of constant float weights, by the nest that takes the fewest steps."""
    attrs = call.attrs
    source = shape(call.args[0])
    layouts = (attrs.data_layout, attrs.kernel_layout, attrs.out_layout)
    if layouts != ("NCHW", "OIHW", "NCHW") or source is None:
        return None
    if int(attrs.groups) == 1:
        made = layout_integers.convolution(walk, call, window(attrs))
        if made is not None:
            return made
    weights = _real_weights(walk, call.args[1])
    if weights is None or str(weights.dtype) != FLOAT:
        return None
    groups, inputs = int(attrs.groups), source[1]
    if groups == inputs and groups > 1:
        return _depthwise(walk, call, weights)
    if groups == 1:
        fast = None if walk.is_exact else _winograd(walk, call, weights)
        return fast or _direct(walk, call, weights)
    return _grouped(walk, call, weights, inputs)


def _real_weights(walk: LayoutWalk, arg: Any) -> Array | None:
    """Constant weights; those that are quantised as the reals they stand for."""
    made = walk.old.get(arg)
    if made is None or operator(made) != layout_integers.DEQUANTISE:
        return constant(arg)
    values = [constant(operand) for operand in made.args]
    known = [value for value in values if value is not None]
    return dequantised(made, *known) if len(known) == len(values) else None


def _direct(walk: LayoutWalk, call: Any, weights: Array) -> Image | None:
    inputs = weights.shape[1]
    if inputs < walk.width and not walk.is_blocked(call.args[0]):
        made = convolution.packed_weights(weights, walk.width, inputs)
        return _emitted(walk, call, convolution.direct, walk.value(call.args[0]), made)
    image = walk.image(call.args[0])
    made = convolution.packed_weights(_in_slots(weights, image), walk.width, walk.width)
    return _emitted(walk, call, convolution.direct, image.value, made)


def _in_slots(weights: Array, image: Image) -> Array:
    """``[O, I, KH, KW]`` with the weights of each input in its slot, zero elsewhere."""
    import numpy as np

    if image.order is None:
        return weights
    filled = np.zeros((weights.shape[0], image.room, *weights.shape[2:]), weights.dtype)
    filled[:, list(image.order)] = weights
    return filled


def _winograd(walk: LayoutWalk, call: Any, weights: Array) -> Image | None:
    """A convolution of 3x3 and stride one with enough pixels to share the transforms."""
    moves, made = window(call.attrs), shape(call) or ()
    outputs, inputs, *kernel = weights.shape
    if kernel != [3, 3] or {*moves.strides, *moves.dilation} != {1}:
        return None
    if not winograd.serves(outputs, inputs, made[2:], walk.width):
        return None
    image = walk.image(call.args[0])
    ahead = winograd.transformed_weights(_in_slots(weights, image), walk.width)
    return _emitted(walk, call, winograd.convolution, image.value, ahead)


def _depthwise(walk: LayoutWalk, call: Any, weights: Array) -> Image | None:
    """Each channel by itself; one that several outputs read is first repeated for each."""
    image = walk.image(call.args[0])
    if (each := weights.shape[0] // image.channels) > 1:
        image = walk.repeated(image, each)
    made = convolution.packed_depthwise_weights(weights, walk.width, image.slots, image.room)
    convolved = _emitted(walk, call, convolution.depthwise, image.value, made)
    return convolved.reordered(image.slots)


def _grouped(walk: LayoutWalk, call: Any, weights: Array, inputs: int) -> Image:
    """Groups of a few channels share blocks; larger ones have blocks of their own."""
    from tvm.relax import const

    count, (outputs, each), width = int(call.attrs.groups), weights.shape[:2], walk.width
    spans = Groups.of(outputs, inputs, count, width)
    shared = blocks_of(outputs, width) * spans.span * width
    if shared <= count * blocks_of(outputs // count, width) * each:
        image = walk.in_sequence(call.args[0]).value
        made = convolution.packed_group_weights(weights, spans, inputs)
        return _emitted(walk, call, convolution.direct, image, made, spans)
    image = walk.image(call.args[0])
    table = _table(image, count)
    made = convolution.packed_gathered_weights(weights, count, width)
    moves = window(call.attrs)
    convolved = walk.emit_te(
        "conv2d",
        outputs,
        lambda x, w, t: convolution.gathered(x, w, t, moves),
        image.value,
        const(made),
        const(table),
    )
    return convolved.reordered(convolution.grouped_order(outputs, count, width))


def _table(image: Image, count: int) -> Array:
    import numpy as np

    return np.array(image.slots, np.int32).reshape(count, -1)


def _emitted(
    walk: LayoutWalk, call: Any, nest: Any, image: Any, weights: Any, *groups: Groups
) -> Image:
    from tvm.relax import const

    channels = (shape(call) or ())[1]
    moves = window(call.attrs)
    return walk.emit_te(
        "conv2d",
        channels,
        lambda x, w: nest(x, w, moves, *groups),
        image,
        const(weights),
    )
