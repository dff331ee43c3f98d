"""How each operator goes on in blocked layout; the table is at the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, ints, operator, shape
from sagectl.compiler.passes.layout import FLOAT, Image, LayoutWalk
from sagectl.compiler.passes.nests import blocked, convolution, pooling, winograd
from sagectl.compiler.passes.nests.convolution import Groups, Window

if TYPE_CHECKING:
    import numpy as np

LayoutRule = Callable[[LayoutWalk, Any], Image | None]


def window(attrs: Any) -> Window:
    """Return the window of a convolution's or a pooling's attributes."""
    padding = ints(attrs.padding)
    padding = padding * 2 if len(padding) == 2 else padding
    return Window(ints(attrs.strides), padding, ints(attrs.dilation))


def _conv2d(walk: LayoutWalk, call: Any) -> Image | None:
    attrs = call.attrs
    source = shape(call.args[0])
    weights = constant(call.args[1])
    layouts = (attrs.data_layout, attrs.kernel_layout, attrs.out_layout)
    if layouts != ("NCHW", "OIHW", "NCHW") or weights is None or source is None:
        return None
    if str(weights.dtype) != FLOAT:
        return None
    groups, outputs, inputs = int(attrs.groups), weights.shape[0], source[1]
    if groups == inputs == outputs and groups > 1:
        return _depthwise(walk, call, weights)
    if groups == 1:
        return _winograd(walk, call, weights) or _direct(walk, call, weights)
    spans = Groups.of(outputs, inputs, groups, walk.width)
    made = convolution.packed_group_weights(weights, spans, inputs)
    image = walk.image(call.args[0]).value
    return _emitted(walk, call, convolution.direct, image, made, spans)


def _direct(walk: LayoutWalk, call: Any, weights: np.ndarray[Any, Any]) -> Image | None:
    inputs = weights.shape[1]
    is_plain = inputs < walk.width and not walk.is_blocked(call.args[0])
    image = walk.value(call.args[0]) if is_plain else walk.image(call.args[0]).value
    made = convolution.packed_weights(weights, walk.width, inputs if is_plain else walk.width)
    return _emitted(walk, call, convolution.direct, image, made)


def _winograd(walk: LayoutWalk, call: Any, weights: np.ndarray[Any, Any]) -> Image | None:
    """A convolution of 3x3 and stride one with enough pixels to share the transforms."""
    moves, made = window(call.attrs), shape(call) or ()
    outputs, inputs, *kernel = weights.shape
    if kernel != [3, 3] or {*moves.strides, *moves.dilation} != {1}:
        return None
    if not winograd.serves(outputs, inputs, made[2:], walk.width):
        return None
    image = walk.image(call.args[0]).value
    ahead = winograd.transformed_weights(weights, walk.width)
    return _emitted(walk, call, winograd.convolution, image, ahead)


def _depthwise(walk: LayoutWalk, call: Any, weights: np.ndarray[Any, Any]) -> Image | None:
    image = walk.image(call.args[0]).value
    made = convolution.packed_depthwise_weights(weights, walk.width)
    return _emitted(walk, call, convolution.depthwise, image, made)


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


def _pool(walk: LayoutWalk, call: Any) -> Image | None:
    attrs, made = call.attrs, shape(call)
    source = shape(call.args[0])
    if attrs.layout != "NCHW" or made is None or source is None:
        return None
    if not walk.is_blocked(call.args[0]) and source[1] < walk.width:
        return None
    moves, kernel, channels = window(attrs), ints(attrs.pool_size), made[1]
    image = walk.image(call.args[0]).value
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
    return walk.emit_te("pool", channels, lambda x: nest(x), image)


def _whole(walk: LayoutWalk, call: Any) -> Image | None:
    """A mean or maximum over all of height and width."""
    made = shape(call)
    if not walk.is_blocked(call.args[0]) or made is None or made[2:] != (1, 1):
        return None
    if operator(call) in ("relax.mean", "relax.max"):
        axes = sorted(axis % 4 for axis in ints(call.attrs.axis))
        if axes != [2, 3] or not call.attrs.keepdims:
            return None
    image = walk.image(call.args[0]).value
    mode = "max" if operator(call) == "relax.max" else "mean"
    return walk.emit_te("pool", made[1], lambda x: pooling.whole(x, mode=mode), image)


def _unary(walk: LayoutWalk, call: Any) -> Image | None:
    from tvm.relax import Call

    if not walk.is_blocked(call.args[0]):
        return None
    image = walk.image(call.args[0])
    if operator(call) in UNDEFINED_AT_ZERO and not image.is_full:
        return None
    operands = [image.value, *(walk.value(arg) for arg in call.args[1:])]
    return walk.emit(Call(call.op, operands, call.attrs, call.ty_args), image.channels)


def _binary(walk: LayoutWalk, call: Any) -> Image | None:
    """An elementwise operator of which one side is in blocks."""
    from tvm.relax import Call

    made = shape(call)
    if made is None or not any(walk.is_blocked(arg) for arg in call.args):
        return None
    is_full = made[1] % walk.width == 0
    if operator(call) in UNDEFINED_AT_ZERO and not is_full:
        return None
    if not all(_fits(walk, arg, made) for arg in call.args):
        return None
    operands = [_operand(walk, arg, made) for arg in call.args]
    return walk.emit(Call(call.op, operands, call.attrs, call.ty_args), made[1])


def _fits(walk: LayoutWalk, arg: Any, made: tuple[int, ...]) -> bool:
    """Tell whether an operand can be brought into the blocks of the result."""
    known = shape(arg)
    if known is None or len(known) > 4:
        return False
    channels = known[-3] if len(known) >= 3 else 1
    if constant(arg) is not None:
        return channels in (1, made[1])
    return len(known) == 4 and (
        channels == made[1] or (channels == 1 and not walk.is_blocked(arg))
    )


def _operand(walk: LayoutWalk, arg: Any, made: tuple[int, ...]) -> Any:
    from tvm.relax import const

    values = constant(arg)
    if values is not None:
        return const(_blocked_constant(values, made[1], walk.width))
    known = shape(arg) or ()
    if known[1] == made[1] and made[1] > 1:
        return walk.image(arg).value
    return walk.reshaped(walk.value(arg), (known[0], 1, known[2], known[3], 1))


def _blocked_constant(values: Any, channels: int, width: int) -> Any:
    """Return a constant that broadcasts over ``[N, C, H, W]``, for ``[N, C/v, H, W, v]``."""
    import numpy as np

    spread = values.reshape((1,) * (4 - values.ndim) + values.shape)
    if spread.shape[1] == 1:
        return np.ascontiguousarray(spread[..., None])
    filled = np.zeros(
        (spread.shape[0], -(-channels // width) * width, *spread.shape[2:]), values.dtype
    )
    filled[:, :channels] = spread
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
    images = [walk.image(member) for member in members]
    values = [image.value for image in images]
    axis = int(call.attrs.axis) % 4
    if axis != 1 or all(image.is_full for image in images[:-1]):
        return walk.emit(op.concat(values, axis), made[1])
    channels = [image.channels for image in images]
    return walk.emit_te(
        "concat",
        made[1],
        lambda *tensors: blocked.concatenated(list(tensors), channels),
        *values,
    )


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
    channels, groups = made[1], split[1]
    image = walk.image(apart.args[0]).value
    return walk.emit_te(
        "shuffle", channels, lambda x: blocked.shuffled(x, channels, groups), image
    )


RULES: dict[str, LayoutRule] = {
    "relax.reshape": _shuffle,
    "relax.nn.conv2d": _conv2d,
    "relax.nn.max_pool2d": _pool,
    "relax.nn.avg_pool2d": _pool,
    "relax.nn.adaptive_avg_pool2d": _whole,
    "relax.mean": _whole,
    "relax.max": _whole,
    "relax.concat": _concat,
    **dict.fromkeys(
        (
            "relax.nn.relu", "relax.nn.leakyrelu", "relax.nn.silu", "relax.nn.gelu",
            "relax.nn.gelu_tanh", "relax.nn.softplus", "relax.clip", "relax.sigmoid",
            "relax.tanh", "relax.erf", "relax.exp", "relax.sqrt", "relax.log", "relax.rsqrt",
            "relax.abs", "relax.negative", "relax.square", "relax.floor", "relax.ceil",
            "relax.round",
        ),
        _unary,
    ),
    **dict.fromkeys(
        (
            "relax.add", "relax.subtract", "relax.multiply", "relax.divide", "relax.power",
            "relax.maximum", "relax.minimum",
        ),
        _binary,
    ),
}  # fmt: skip

# The channels that fill up a block are zero; these make of zero what no weight of zero undoes.
UNDEFINED_AT_ZERO = frozenset({"relax.log", "relax.rsqrt", "relax.divide", "relax.power"})
