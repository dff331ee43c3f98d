"""How each operator goes on in blocked layout; the table is at the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sagectl.compiler.passes import layout_copies, layout_integers, layout_requantised
from sagectl.compiler.passes.graph import constant, ints, literal, operator, shape
from sagectl.compiler.passes.layout import Image, LayoutWalk
from sagectl.compiler.passes.layout_convolutions import conv2d, window
from sagectl.compiler.passes.lifted import BINARY, UNARY
from sagectl.compiler.passes.nests import blocked, pooling

LayoutRule = Callable[[LayoutWalk, Any], Image | None]


def _pool(walk: LayoutWalk, call: Any) -> Image | None:
    attrs, made = call.attrs, shape(call)
    source = shape(call.args[0])
    if attrs.layout != "NCHW" or made is None or source is None:
        return None
    if not walk.is_blocked(call.args[0]):
        return None
    moves, kernel, channels = window(attrs), ints(attrs.pool_size), made[1]
    image = walk.image(call.args[0])
    is_maximum = operator(call) == "relax.nn.max_pool2d"
    if kernel == source[2:] and made[2:] == (1, 1) and not any(moves.padding):
        nest = partial(pooling.whole, mode="max" if is_maximum else "mean")
    elif is_maximum:
        nest = partial(pooling.maximum, kernel=kernel, window=moves, output=made[2:])
    else:
        nest = partial(
            pooling.average,
            kernel=kernel,
            window=moves,
            output=made[2:],
            counts_padding=bool(attrs.count_include_pad),
        )
    return walk.emit_te("pool", channels, lambda x: nest(x), image.value, order=image.order)


def _whole(walk: LayoutWalk, call: Any) -> Image | None:
    """A mean, variance or maximum over all of height and width."""
    made = shape(call)
    if not walk.is_blocked(call.args[0]) or made is None or made[2:] != (1, 1):
        return None
    if operator(call) in WHOLE:
        axes = sorted(axis % 4 for axis in ints(call.attrs.axis))
        if axes != [2, 3] or not call.attrs.keepdims:
            return None
    image = walk.image(call.args[0])
    nest = partial(pooling.whole, mode=WHOLE.get(operator(call), "mean"))
    return walk.emit_te("pool", made[1], lambda x: nest(x), image.value, order=image.order)


def _unary(walk: LayoutWalk, call: Any) -> Image | None:
    from tvm.relax import Call

    if not walk.is_blocked(call.args[0]):
        return None
    image = walk.image(call.args[0])
    if operator(call) in UNDEFINED_AT_ZERO and not image.is_full:
        return None
    operands = [image.value, *(walk.value(arg) for arg in call.args[1:])]
    made = Call(call.op, operands, call.attrs, call.ty_args)
    return walk.emit(made, image.channels, image.order)


def _binary(walk: LayoutWalk, call: Any) -> Image | None:
    """An elementwise operator of which one side is in blocks."""
    from tvm.relax import Call

    made = shape(call)
    if made is None or not any(walk.is_blocked(arg) for arg in call.args):
        return None
    if not all(_fits(walk, arg, made) for arg in call.args):
        return None
    images = [walk.image(arg) for arg in call.args if _is_image(arg, made)]
    if not images:
        return None
    lead = next((image for image in images if image.order is not None), images[0])
    if operator(call) in UNDEFINED_AT_ZERO and not lead.is_full:
        return None
    operands = [_operand(walk, arg, made, lead) for arg in call.args]
    return walk.emit(Call(call.op, operands, call.attrs, call.ty_args), made[1], lead.order)


def _is_image(arg: Any, made: tuple[int, ...]) -> bool:
    """Whether an operand has the channels of the result, computed at run time."""
    known = shape(arg) or ()
    return constant(arg) is None and len(known) == 4 and known[1] == made[1] > 1


def _fits(walk: LayoutWalk, arg: Any, made: tuple[int, ...]) -> bool:
    """Whether an operand can be brought into the blocks of the result."""
    known = shape(arg)
    if known is None or len(known) > 4:
        return False
    channels = known[-3] if len(known) >= 3 else 1
    if constant(arg) is not None:
        return channels in (1, made[1])
    return len(known) == 4 and (
        channels == made[1] or (channels == 1 and not walk.is_blocked(arg))
    )


def _operand(walk: LayoutWalk, arg: Any, made: tuple[int, ...], lead: Image) -> Any:
    from tvm.relax import const

    values = constant(arg)
    if values is not None:
        return const(_blocked_constant(values, lead, walk.width))
    if _is_image(arg, made):
        return walk.moved(walk.image(arg), lead.slots).value
    known = shape(arg) or ()
    return walk.reshaped(walk.value(arg), (known[0], 1, known[2], known[3], 1))


def _blocked_constant(values: Any, lead: Image, width: int) -> Any:
    """A constant that broadcasts over ``[N, C, H, W]``, for ``[N, C/v, H, W, v]``."""
    import numpy as np

    spread = values.reshape((1,) * (4 - values.ndim) + values.shape)
    if spread.shape[1] == 1:
        return np.ascontiguousarray(spread[..., None])
    filled = np.zeros((spread.shape[0], lead.room, *spread.shape[2:]), values.dtype)
    filled[:, list(lead.slots)] = spread
    split = filled.reshape(spread.shape[0], -1, width, *spread.shape[2:])
    return np.ascontiguousarray(split.transpose(0, 1, 3, 4, 2))


def _concat(walk: LayoutWalk, call: Any) -> Image | None:
    from tvm.relax import Tuple, op

    made = shape(call)
    if made is None or not isinstance(call.args[0], Tuple):
        return None
    members = list(call.args[0].fields)
    if not all(walk.is_blocked(member) for member in members):
        return None
    if (axis := int(call.attrs.axis) % 4) != 1:
        images = [walk.in_sequence(member) for member in members]
        return walk.emit(op.concat([image.value for image in images], axis), made[1])
    images = [walk.image(member) for member in members]
    values = [image.value for image in images]
    is_shuffled = any(image.order is not None for image in images)
    if is_shuffled or all(image.is_full for image in images[:-1]):
        return walk.emit(op.concat(values, 1), made[1]).reordered(_in_a_row(images))
    channels = [image.channels for image in images]
    return walk.emit_te(
        "concat",
        made[1],
        lambda *tensors: blocked.concatenated(list(tensors), channels),
        *values,
    )


def _in_a_row(images: list[Image]) -> tuple[int, ...]:
    """The slots of all channels when the blocks of images stand one after another."""
    slots: list[int] = []
    start = 0
    for image in images:
        slots += [start + slot for slot in image.slots]
        start += image.room
    return tuple(slots)


def _shuffle(walk: LayoutWalk, call: Any) -> Image | None:
    """Channels dealt out from groups: a reshape, a transpose of two axes, a reshape back."""
    moved = walk.old.get(call.args[0])
    if moved is None or operator(moved) != "relax.permute_dims":
        return None
    apart = walk.old.get(moved.args[0])
    if apart is None or operator(apart) != "relax.reshape":
        return None
    if not walk.is_blocked(apart.args[0]):
        return None
    split, source, made = shape(apart) or (), shape(apart.args[0]), shape(call)
    if ints(moved.attrs.axes) != (0, 2, 1, 3, 4) or len(split) != 5 or made != source:
        return None
    if made is None or split[3:] != made[2:] or split[0] != made[0]:
        return None
    groups, each = split[1:3]
    image = walk.image(apart.args[0])
    dealt = (group * each + place for place in range(each) for group in range(groups))
    return image.reordered(tuple(image.slots[channel] for channel in dealt))


def _reshape(walk: LayoutWalk, call: Any) -> Image | None:
    return _shuffle(walk, call) or layout_copies.joined(walk, call)


def _where(walk: LayoutWalk, call: Any) -> Image | None:
    """A choice by whether an image in blocks is less than a number, as PRelu's."""
    from tvm.relax import op

    test, made = walk.old.get(call.args[0]), shape(call)
    if test is None or operator(test) != "relax.less" or made is None:
        return None
    if shape(test.args[0]) != made:
        return None
    bound = constant(test.args[1])
    if not walk.is_blocked(test.args[0]) or bound is None or bound.size != 1:
        return None
    if not all(_fits(walk, arg, made) for arg in call.args[1:]):
        return None
    lead = walk.image(test.args[0])
    yes, no = (_operand(walk, arg, made, lead) for arg in call.args[1:])
    is_less = walk.builder.emit(op.less(lead.value, literal(bound.reshape(()))))
    return walk.emit(op.where(is_less, yes, no), made[1], lead.order)


WHOLE = {"relax.mean": "mean", "relax.variance": "variance", "relax.max": "max"}

RULES: dict[str, LayoutRule] = {
    "relax.quantize": layout_requantised.quantise,
    "relax.dequantize": layout_integers.dequantise,
    "relax.reshape": _reshape,
    "relax.nn.conv2d": conv2d,
    "relax.nn.max_pool2d": _pool,
    "relax.nn.avg_pool2d": _pool,
    "relax.nn.adaptive_avg_pool2d": _whole,
    **dict.fromkeys(WHOLE, _whole),
    "relax.concat": _concat,
    "relax.nn.pad": layout_copies.pad,
    "relax.take": layout_copies.take,
    "relax.strided_slice": layout_copies.part,
    "relax.where": _where,
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
}

# The channels that fill up a block are zero; these make of zero what no weight of zero undoes.
UNDEFINED_AT_ZERO = frozenset({"relax.log", "relax.rsqrt", "relax.divide", "relax.power"})
