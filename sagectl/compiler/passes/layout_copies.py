"""How copies of images go on in blocked layout: whole images, whole blocks, borders."""

from __future__ import annotations

from typing import Any

from sagectl.compiler.passes.graph import constant, ints, shape
from sagectl.compiler.passes.layout import Image, LayoutWalk


def joined(walk: LayoutWalk, call: Any) -> Image | None:
    """Several images of a batch as one: the channels of each after those of the one before."""
    made, source = shape(call), shape(call.args[0])
    if not walk.is_blocked(call.args[0]) or made is None or source is None:
        return None
    images = max(1, made[1] // source[1])
    if made != (source[0] // images, images * source[1], *source[2:]):
        return None
    image = walk.image(call.args[0])
    blocks, *extents = image.extents[1:]
    joined = walk.reshaped(image.value, (made[0], images * blocks, *extents))
    order = tuple(each * image.room + slot for each in range(images) for slot in image.slots)
    return Image(joined, made[1]).reordered(order)


def take(walk: LayoutWalk, call: Any) -> Image | None:
    """Images picked out of a batch."""
    from tvm.relax import Call

    indices = constant(call.args[1])
    if not walk.is_blocked(call.args[0]) or int(call.attrs.axis or 0) != 0 or indices is None:
        return None
    image = walk.image(call.args[0])
    made = Call(call.op, [image.value, call.args[1]], call.attrs, call.ty_args)
    return walk.emit(made, image.channels, image.order) if indices.ndim == 1 else None


def pad(walk: LayoutWalk, call: Any) -> Image | None:
    """Zeros around images, or whole images of zeros."""
    from tvm.relax import op

    widths, attrs = ints(call.attrs.pad_width), call.attrs
    if not walk.is_blocked(call.args[0]) or attrs.pad_mode != "constant":
        return None
    if float(attrs.pad_value) != 0 or any(widths[2:4]):
        return None
    image = walk.image(call.args[0])
    return walk.emit(op.nn.pad(image.value, [*widths, 0, 0]), image.channels, image.order)


def part(walk: LayoutWalk, call: Any) -> Image | None:
    """A part of each image, or whole blocks of channels."""
    from tvm.relax import Call, op

    source, made = shape(call.args[0]), shape(call)
    if not walk.is_blocked(call.args[0]) or source is None or made is None:
        return None
    axes, begin, *_ = (_integers(arg) for arg in call.args[1:4])
    image = walk.image(call.args[0])
    if axes is not None and min(axes) > 1:
        made_part = Call(call.op, [image.value, *call.args[1:]], call.attrs, call.ty_args)
        return walk.emit(made_part, image.channels, image.order)
    if axes != (1,) or image.order is not None or len(call.args) > 4:
        return None
    if begin is None or begin[0] % walk.width or made[1] % walk.width:
        return None
    first, count = begin[0] // walk.width, made[1] // walk.width
    part = op.strided_slice(image.value, axes=[1], begin=[first], end=[first + count])
    return walk.emit(part, made[1])


def _integers(arg: Any) -> tuple[int, ...] | None:
    from tvm.tirx import IntImm

    fields = list(getattr(arg, "fields", ()))
    values = [getattr(field, "value", field) for field in fields]
    if not values or not all(isinstance(value, int | IntImm) for value in values):
        return None
    return tuple(int(value) for value in values)
