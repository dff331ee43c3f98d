"""Sums of integers that become integers again, in one step."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes import layout_integers
from sagectl.compiler.passes.graph import constant, dtype, operator, shape
from sagectl.compiler.passes.layout_convolutions import window
from sagectl.compiler.passes.nests import integer

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from sagectl.compiler.passes.layout import Image, LayoutWalk
    from sagectl.compiler.passes.layout_integers import Levels

    Array = np.ndarray[Any, Any]

CONVOLUTION = "relax.nn.conv2d"


@dataclass(frozen=True, slots=True)
class Between:
    """What lies between a convolution and its quantisation: ``bias``, then the bounds."""

    convolution: Any
    bias: Array | float
    low: float
    high: float


def quantise(walk: LayoutWalk, call: Any) -> Image | None:
    """A blocked image as integers, right from the sums where they are of integers."""
    return _requantised(walk, call) or layout_integers.quantise(walk, call)


def _requantised(walk: LayoutWalk, call: Any) -> Image | None:
    """Sums scaled, rounded and bounded as the next image wants them."""
    from tvm.relax import const

    found, made = layout_integers.levels(call), dtype(call)
    between = _between(walk, found.value) if found is not None else None
    if found is None or between is None or made not in layout_integers.BYTES:
        return None
    source = between.convolution
    sums = layout_integers.sums(walk, source, window(source.attrs))
    if sums is None:
        return None
    scale = sums.scale / found.scale
    offset = sums.offset * scale + between.bias / found.scale + found.zero
    bounds = _bounds(between, found, made)
    return walk.emit_te(
        "integer_conv2d",
        scale.size,
        lambda x, w, s, o: integer.requantised(sums.nest(x, w), s, o, bounds, made),
        sums.image,
        sums.weights,
        const(integer.by_blocks(scale, walk.width, "float32")),
        const(integer.by_blocks(offset, walk.width, "float32")),
    )


def _bounds(between: Between, found: Levels, made: str) -> tuple[float, float]:
    """The least and the largest level of a result."""
    least, largest = integer.limits(made)

    def level(real: float) -> float:
        return min(max(real / found.scale + found.zero, least), largest)

    return level(between.low), level(between.high)


def _between(walk: LayoutWalk, value: Any) -> Between | None:
    """The way back from a value to a convolution in blocks, if nothing else reads from it."""
    bias: Array | float = 0.0
    low, high = -inf, inf
    is_bounded_only = True
    while walk.old_uses[value] == 1 and walk.is_blocked(value):
        call = walk.old[value]
        if operator(call) == CONVOLUTION:
            is_whole = int(call.attrs.groups) == 1 and low <= high
            return Between(call, bias, low, high) if is_whole else None
        if operator(call) in BOUNDS and is_bounded_only:
            bounds = BOUNDS[operator(call)](call)
            if bounds is None:
                return None
            low, high = max(low, bounds[0]), min(high, bounds[1])
        elif operator(call) == "relax.add" and (added := _per_channel(call)) is not None:
            bias, is_bounded_only = bias + added, False
        else:
            return None
        value = call.args[0]
    return None


def _per_channel(call: Any) -> Array | None:
    """A constant that is added to the first operand, one value for each of its channels."""
    added, channels = constant(call.args[1]), (shape(call) or ())[1]
    if added is None or added.size not in (1, channels):
        return None
    is_along_channels = added.size == 1 or (added.ndim >= 3 and added.shape[-3] == channels)
    return added.reshape(-1).astype("f8") if is_along_channels else None


def _number(expression: Any) -> float | None:
    value = constant(expression)
    return float(value.reshape(())) if value is not None and value.size == 1 else None


def _relu(_call: Any) -> tuple[float, float] | None:
    return 0.0, inf


def _maximum(call: Any) -> tuple[float, float] | None:
    low = _number(call.args[1])
    return None if low is None else (low, inf)


def _minimum(call: Any) -> tuple[float, float] | None:
    high = _number(call.args[1])
    return None if high is None else (-inf, high)


BOUNDS: dict[str, Callable[[Any], tuple[float, float] | None]] = {
    "relax.nn.relu": _relu,
    "relax.maximum": _maximum,
    "relax.minimum": _minimum,
}
