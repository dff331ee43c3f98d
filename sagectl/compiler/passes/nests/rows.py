"""Operators on rows, the last axis: reductions by lanes of a vector, then what they scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.elementary import exponential, logarithm

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
    made = _by_lanes(outer, (length // width,), width, kind, element)
    made = _met(made, outer, kind)
    rest = length % width
    if not rest:
        return made
    j = te.reduce_axis((0, rest), name="j")
    tail = te.compute(
        (*outer, 1),
        lambda *at: _reducer(kind)(element(*at[:-1], length - rest + j), axis=[j]),
        name="tail",
    )
    return te.compute(
        (*outer, 1), lambda *at: _combined(kind, made[at], tail[at]), name="together"
    )


def _by_lanes(
    outer: tuple[int, ...], counts: tuple[int, ...], width: int, kind: str, element: Element
) -> Tensor:
    """``element(*row, ..., k * width + lane)`` reduced over all but the row and the lane."""
    from tvm import te

    reduce = _reducer(kind)
    *axes, k = (te.reduce_axis((0, count), name=f"k{i}") for i, count in enumerate(counts))
    return te.compute(
        (*outer, width),
        lambda *at: reduce(element(*at[:-1], *axes, k * width + at[-1]), axis=[*axes, k]),
        name=LANES,
    )


def _met(made: Tensor, outer: tuple[int, ...], kind: str) -> Tensor:
    """The lanes brought together in pairs."""
    half = ints(made.shape)[-1]
    while half > 1:
        half //= 2
        made = _paired(made, outer, half, kind)
    return made


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


def log_softmax(image: Tensor, width: int) -> Tensor:
    """The logarithms of the softmax along the last axis."""
    from tvm import te

    *leading, length = ints(image.shape)
    outer = tuple(leading)
    peak = reduced(outer, length, width, "max", lambda *at: image[at])

    def power(*at: Any) -> Any:
        return exponential(image[at] - peak[(*at[:-1], 0)])

    total = reduced(outer, length, width, "sum", power)
    shift = te.compute(
        (*outer, 1), lambda *at: peak[(*at[:-1], 0)] + logarithm(total[at]), name="shift"
    )
    return te.compute((*outer, length), lambda *at: image[at] - shift[(*at[:-1], 0)], name=ROWS)


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


def weighted(image: Tensor, weights: Tensor, width: int) -> Tensor:
    """``image[..., K]`` summed with ``weights[K]``: a product of one column, ``[..., 1]``."""
    from tvm import te

    *leading, length = ints(image.shape)
    outer = tuple(leading)
    made = reduced(outer, length, width, "sum", lambda *at: image[at] * weights[at[-1]])
    return te.compute((*outer, 1), lambda *at: made[at], name=ROWS)


def reduction(image: Tensor, axes: int, width: int, kind: str, form: tuple[int, ...]) -> Tensor:
    """The sum, mean, variance or an extreme over the last ``axes`` axes, of shape ``form``."""
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

    def over(kind: str, value: Callable[[Any, tuple[Any, ...]], Any]) -> Tensor:
        if inner[-1] % width:
            return reduced(outer, length, width, kind, lambda *at: value(element(*at), at))
        # No lane needs to divide to find its place.
        counts = (*inner[:-1], inner[-1] // width)
        lanes = _by_lanes(outer, counts, width, kind, lambda *at: value(image[at], at))
        return _met(lanes, outer, kind)

    scale = tirx.const(1.0 / length, "float32")
    made = over("sum" if kind in ("mean", "variance") else kind, lambda value, _: value)
    if kind == "variance":
        mean = te.compute((*outer, 1), lambda *at: made[at] * scale, name="mean")

        def squared(value: Any, at: tuple[Any, ...]) -> Any:
            distance = value - mean[(*at[: len(outer)], 0)]
            return distance * distance

        made = over("sum", squared)

    def result(*at: Any) -> Any:
        value = made[(*at[: len(outer)], 0)]
        return value * scale if kind in ("mean", "variance") else value

    return te.compute(form, result, name=ROWS)
