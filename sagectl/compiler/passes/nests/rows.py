"""Operators on rows, the last axis: reductions by lanes of a vector, then what they scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.elementary import exponential

if TYPE_CHECKING:
    from tvm.te import Tensor

ROWS = "rows"
LANES = "lanes"

Element = Callable[..., Any]


def _reducer(kind: str) -> Any:
    from tvm import te

    return {"sum": te.sum, "max": te.max, "min": te.min}[kind]


def _combined(kind: str, first: Any, second: Any) -> Any:
    from tvm import tirx

    if kind == "sum":
        return first + second
    return tirx.max(first, second) if kind == "max" else tirx.min(first, second)


def reduced(
    outer: tuple[int, ...], length: int, width: int, kind: str, element: Element
) -> Tensor:
    """``element(*row, k)`` summed, or its largest or smallest, over ``k < length``.

    Lanes accumulate side by side and meet in pairs, so no step waits for a scalar; what does
    not fill a vector is reduced by itself.
    """
    from tvm import te

    while width > length:
        width //= 2
    reduce = _reducer(kind)
    k = te.reduce_axis((0, length // width), name="k")
    made = te.compute(
        (*outer, width),
        lambda *at: reduce(element(*at[:-1], k * width + at[-1]), axis=[k]),
        name=LANES,
    )
    half = width
    while half > 1:
        half //= 2
        made = _paired(made, outer, half, kind)
    rest = length % width
    if not rest:
        return made
    j = te.reduce_axis((0, rest), name="j")
    tail = te.compute(
        (*outer, 1),
        lambda *at: reduce(element(*at[:-1], length - rest + j), axis=[j]),
        name="tail",
    )
    return te.compute(
        (*outer, 1), lambda *at: _combined(kind, made[at], tail[at]), name="together"
    )


def _paired(lanes: Tensor, outer: tuple[int, ...], half: int, kind: str) -> Tensor:
    from tvm import te

    return te.compute(
        (*outer, half),
        lambda *at: _combined(kind, lanes[at], lanes[(*at[:-1], at[-1] + half)]),
        name="pairs",
    )


def softmax(image: Tensor, width: int) -> Tensor:
    """Exponentials that add up to one along the last axis."""
    from tvm import te, tirx

    *leading, length = ints(image.shape)
    outer = tuple(leading)
    peak = reduced(outer, length, width, "max", lambda *at: image[at])
    powers = te.compute(
        (*outer, length),
        lambda *at: exponential(image[at] - peak[(*at[:-1], 0)]),
        name="powers",
    )
    total = reduced(outer, length, width, "sum", lambda *at: powers[at])
    share = te.compute(
        (*outer, 1), lambda *at: tirx.const(1.0, "float32") / total[at], name="share"
    )
    return te.compute(
        (*outer, length), lambda *at: powers[at] * share[(*at[:-1], 0)], name=ROWS
    )


def layer_norm(
    image: Tensor, gamma: Tensor, beta: Tensor, width: int, epsilon: float
) -> Tensor:
    """Rows of mean zero and variance one, scaled and shifted element by element."""
    from tvm import te, tirx

    *leading, length = ints(image.shape)
    outer = tuple(leading)
    part = tirx.const(1.0 / length, "float32")
    total = reduced(outer, length, width, "sum", lambda *at: image[at])
    mean = te.compute((*outer, 1), lambda *at: total[at] * part, name="mean")

    def squared(*at: Any) -> Any:
        distance = image[at] - mean[(*at[:-1], 0)]
        return distance * distance

    squares = reduced(outer, length, width, "sum", squared)
    scale = te.compute(
        (*outer, 1),
        lambda *at: (
            tirx.const(1.0, "float32")
            / tirx.sqrt(squares[at] * part + tirx.const(epsilon, "float32"))
        ),
        name="scale",
    )

    def element(*at: Any) -> Any:
        centred = (image[at] - mean[(*at[:-1], 0)]) * scale[(*at[:-1], 0)]
        return centred * gamma[at[-1]] + beta[at[-1]]

    return te.compute((*outer, length), element, name=ROWS)


def reduction(image: Tensor, axes: int, width: int, kind: str, form: tuple[int, ...]) -> Tensor:
    """The sum, mean, maximum or minimum over the last ``axes`` axes, in the shape ``form``."""
    from math import prod

    from tvm import te, tirx

    extents = ints(image.shape)
    outer, inner = extents[: len(extents) - axes], extents[len(extents) - axes :]
    length = prod(inner)

    def element(*at: Any) -> Any:
        place, rest = [], at[-1]
        for extent in reversed(inner[1:]):
            place.append(rest % extent)
            rest = rest // extent
        return image[(*at[:-1], rest, *reversed(place))]

    made = reduced(outer, length, width, "sum" if kind == "mean" else kind, element)
    scale = tirx.const(1.0 / length, "float32")

    def result(*at: Any) -> Any:
        value = made[(*at[: len(outer)], 0)]
        return value * scale if kind == "mean" else value

    return te.compute(form, result, name=ROWS)
