"""Elementwise operators on what images are seen as, applied to the images themselves.

What lies between two convolutions of signals or of volumes then stays an image, and in blocks
of channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes import taps, volumes
from sagectl.compiler.passes.aspects import Aspect, aspect, image_form, seen
from sagectl.compiler.passes.graph import constant, ints, literal, operator, rewritten, shape

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site
    from sagectl.compiler.passes.nests.blocked import Extents

# Operators that make each element of a result of the same element of their operands.
UNARY = (
    "relax.nn.relu", "relax.nn.leakyrelu", "relax.nn.silu", "relax.nn.gelu",
    "relax.nn.gelu_tanh", "relax.nn.softplus", "relax.clip", "relax.sigmoid", "relax.tanh",
    "relax.erf", "relax.exp", "relax.sqrt", "relax.log", "relax.rsqrt", "relax.abs",
    "relax.negative", "relax.square", "relax.floor", "relax.ceil", "relax.round",
)  # fmt: skip
BINARY = (
    "relax.add", "relax.subtract", "relax.multiply", "relax.divide", "relax.power",
    "relax.maximum", "relax.minimum",
)  # fmt: skip


def lifted(module: IRModule) -> IRModule:
    """The module with elementwise operators before what shows the images of their operands.

    Convolutions of volumes become those of images on the way.
    """
    rules = {
        **dict.fromkeys(UNARY, _unary),
        **dict.fromkeys(BINARY, _binary),
        "relax.where": _where,
        "relax.mean": _mean,
        "relax.max": _maximum,
        "relax.concat": _concat,
        "relax.split": _split,
        "relax.reshape": _reshape,
        "relax.nn.conv3d": volumes.convolution,
        "relax.nn.conv2d": taps.dropped,
    }
    return rewritten(module, rules)


def _unary(site: Site) -> Any:
    from tvm.relax import Call

    found = aspect(site, site.args[0])
    if found is None:
        return None
    call = site.call
    made = Call(call.op, [found.image, *site.args[1:]], call.attrs, call.ty_args)
    return seen(site, made, found.form)


def _binary(site: Site) -> Any:
    from tvm.relax import Call

    form = shape(site.call)
    aspects = [aspect(site, arg) for arg in site.args]
    if form is None or not any(found and found.form == form for found in aspects):
        return None
    operands = [
        _operand(arg, found, form) for arg, found in zip(site.args, aspects, strict=True)
    ]
    if any(operand is None for operand in operands):
        return None
    call = site.call
    return seen(site, Call(call.op, operands, call.attrs, call.ty_args), form)


def _where(site: Site) -> Any:
    """A choice by whether a signal or a volume is less than a number."""
    from tvm.relax import op

    form, test = shape(site.call), site.definition(site.args[0])
    if operator(test) != "relax.less" or form is None:
        return None
    tested, bound = aspect(site, test.args[0]), constant(test.args[1])
    if tested is None or tested.form != form or bound is None or bound.size != 1:
        return None
    yes, no = (_operand(arg, aspect(site, arg), form) for arg in site.args[1:])
    if yes is None or no is None:
        return None
    is_less = site.emit(op.less(tested.image, literal(bound.reshape(()))))
    return seen(site, op.where(is_less, yes, no), form)


def _operand(arg: Any, found: Aspect | None, form: Extents) -> Any:
    """An operand as what broadcasts over images; ``None`` where that would take a copy."""
    if found is not None:
        is_gate = len(found.form) == len(form) and {*found.form[2:]} == {1}
        broadcasts = is_gate and (len(form) == 3 or form[0] == 1)
        return found.image if broadcasts or found.form == form else None
    value = constant(arg)
    if value is None or value.ndim > len(form):
        return None
    full = (1,) * (len(form) - value.ndim) + value.shape
    if len(form) == 5 and (full[0], full[2]) != (1, 1):
        return None
    return literal(value.reshape(image_form(full)))


def _mean(site: Site) -> Any:
    """A mean over a signal or a volume: that of each image, then of the images."""
    from tvm.relax import op

    found = _reduced(site)
    if found is None:
        return None
    batch, channels = found.form[:2]
    flat = site.emit(op.mean(found.image, [2, 3], keepdims=True))
    if found.is_volume:
        apart = site.emit(op.reshape(flat, (batch, found.form[2], channels)))
        flat = site.emit(op.mean(apart, [1]))
    return op.reshape(flat, shape(site.call))


def _maximum(site: Site) -> Any:
    from tvm.relax import op

    found = _reduced(site)
    if found is None or found.is_volume:
        return None
    flat = site.emit(op.max(found.image, [2, 3], keepdims=True))
    return op.reshape(flat, shape(site.call))


def _reduced(site: Site) -> Aspect | None:
    """The aspect of which a reduction takes all but the batch and the channels."""
    found = aspect(site, site.args[0])
    if found is None or shape(site.call) is None or site.attrs.axis is None:
        return None
    rank = len(found.form)
    axes = sorted(axis % rank for axis in ints(site.attrs.axis))
    return found if axes == list(range(2, rank)) else None


def _concat(site: Site) -> Any:
    """Signals or volumes one after another along their channels."""
    from tvm.relax import Tuple, op

    form = shape(site.call)
    if form is None or not isinstance(site.args[0], Tuple) or int(site.attrs.axis) != 1:
        return None
    aspects = [aspect(site, member) for member in site.args[0].fields]
    if len(form) not in (3, 5) or any(found is None for found in aspects):
        return None
    return seen(site, op.concat([found.image for found in aspects if found], 1), form)


def _split(site: Site) -> Any:
    """Parts of the channels, each a slice of the image."""
    from tvm.relax import Tuple, op

    found, known = aspect(site, site.args[0]), shape(site.args[0]) or ()
    if (found is None and len(known) != 4) or int(site.attrs.axis) != 1 or not known:
        return None
    forms = [ints(part.shape.values) for part in site.call.ty.fields]
    made, start = [], 0
    for form in forms:
        image = site.args[0] if found is None else found.image
        part = op.strided_slice(image, axes=[1], begin=[start], end=[start + form[1]])
        made.append(site.emit(part if found is None else seen(site, part, form)))
        start += form[1]
    return Tuple(made)


def _reshape(site: Site) -> Any:
    """An image brought back."""
    from tvm.relax import op

    inner, form = site.definition(site.args[0]), shape(site.call)
    if operator(inner) != "relax.reshape" or form is None:
        return None
    return inner.args[0] if shape(inner.args[0]) == form else op.reshape(inner.args[0], form)
