"""Quantised values left as bytes where reals would say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sagectl.compiler.passes.graph import constant, dtype, ints, literal, operator, rewritten

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site

DEQUANTISE = "relax.dequantize"
BYTES = ("int8", "uint8")


def kept(module: IRModule) -> IRModule:
    """The module with maxima and moves of bytes, and nothing made real only to become bytes."""
    return rewritten(module, RULES)


def _maximum(site: Site) -> Any:
    """The largest of a window: as scales are positive, the largest byte stands for it."""
    from tvm.relax import Call

    source = site.definition(site.args[0])
    if operator(source) != DEQUANTISE or dtype(source.args[0]) not in BYTES:
        return None
    scale, zero = (constant(arg) for arg in source.args[1:])
    if scale is None or zero is None or scale.size != 1 or zero.size != 1 or scale.min() <= 0:
        return None
    largest = site.emit(Call(site.call.op, [source.args[0]], site.attrs, site.call.ty_args))
    return Call(source.op, [largest, *source.args[1:]], source.attrs, source.ty_args)


def _moved(site: Site) -> Any:
    """Another order or shape of values: that of the bytes, which are made real afterwards."""
    from tvm.relax import Call, op

    source = site.sole(site.args[0], DEQUANTISE)
    if source is None or dtype(source.args[0]) not in BYTES:
        return None
    scale, zero = (constant(arg) for arg in source.args[1:])
    if scale is None or zero is None:
        return None
    axis = -1
    if scale.size > 1 or zero.size > 1:
        if operator(site.call) != "relax.permute_dims" or site.attrs.axes is None:
            return None
        axis = ints(site.attrs.axes).index(int(source.attrs.axis) % len(site.attrs.axes))
    whole = constant(source.args[0])
    if whole is not None and operator(site.call) == "relax.permute_dims":
        moved = literal(whole.transpose(site.attrs.axes and ints(site.attrs.axes)))
    else:
        operands = [source.args[0], *site.args[1:]]
        moved = site.emit(Call(site.call.op, operands, site.attrs, site.call.ty_args))
    return op.dequantize(moved, *source.args[1:], axis=axis, out_dtype=dtype(site.call))


def _again(site: Site) -> Any:
    """A quantisation of what was dequantised in the same way, which gives the bytes back."""
    source = site.definition(site.args[0])
    if operator(source) != DEQUANTISE or dtype(source.args[0]) != dtype(site.call):
        return None
    pairs = [
        (constant(old), constant(new))
        for old, new in zip(source.args[1:], site.args[1:], strict=True)
    ]
    same = all(a is not None and b is not None and np.array_equal(a, b) for a, b in pairs)
    is_axis_free = all(a is not None and a.size == 1 for a, _ in pairs)
    return source.args[0] if same and is_axis_free else None


MOVES = ("permute_dims", "reshape", "flatten", "expand_dims", "squeeze")
RULES = {
    "relax.nn.max_pool2d": _maximum,
    "relax.quantize": _again,
    **{f"relax.{name}": _moved for name in MOVES},
}
