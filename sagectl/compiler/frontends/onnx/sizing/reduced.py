"""Operators that put an axis together: what lies beyond its size takes no part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.sizing.full import (
    axes_of,
    extents,
    in_full,
    masked,
    refused,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def _lowest(dtype: np.dtype[Any]) -> Any:
    import numpy as np

    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype[Any]) -> Any:
    import numpy as np

    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _zero(dtype: np.dtype[Any]) -> Any:
    return 0


def _one(dtype: np.dtype[Any]) -> Any:
    return 1


# Operator -> what changes nothing of its result.
_NEUTRAL: dict[str, Callable[[np.dtype[Any]], Any]] = {
    "ArgMax": _lowest,
    "ArgMin": _highest,
    "ReduceL1": _zero,
    "ReduceL2": _zero,
    "ReduceLogSum": _zero,
    "ReduceMax": _lowest,
    "ReduceMin": _highest,
    "ReduceProd": _one,
    "ReduceSum": _zero,
    "ReduceSumSquare": _zero,
}


def reduced(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    rank = len(extents(x))
    axes = axes_of(node, rank, pen)
    if not axes and node.attribute("noop_with_empty_axes", 0):
        return [x]
    return _over(node, axes or list(range(rank)), pen)


def placed(node: Node, pen: Builder) -> list[Value | None]:
    """Of equal values the first counts, and what lies beyond the size is never before it."""
    x = node.required(0)
    axis = node.attribute("axis", 0) % len(extents(x))
    if axis in x.sizes and node.attribute("select_last_index", 0):
        raise refused(node)
    return _over(node, [axis], pen)


def _over(node: Node, axes: list[int], pen: Builder) -> list[Value | None]:
    x = node.required(0)
    assert x.dtype is not None
    sizes = without(x.sizes, [] if node.attribute("keepdims", 1) else axes)
    met = tuple(axis for axis in axes if axis in x.sizes)
    if not met:
        return in_full(node, pen, sizes)
    if node.op not in _NEUTRAL or x.dtype.kind not in "iuf":
        raise refused(node)
    filled = masked(x, _NEUTRAL[node.op](x.dtype), pen, met)
    left = {axis: size for axis, size in x.sizes.items() if axis not in met}
    sizes = without(left, [] if node.attribute("keepdims", 1) else axes)
    return in_full(replace(node, inputs=(filled, *node.inputs[1:])), pen, sizes)


def highest(node: Node, pen: Builder) -> list[Value | None]:
    """TopK; as many as asked for, and no more than there are."""
    import numpy as np

    x = node.required(0)
    assert x.dtype is not None
    axis = node.attribute("axis", -1) % len(extents(x))
    if axis not in x.sizes:
        return in_full(node, pen, x.sizes)
    is_largest = node.attribute("largest", 1)
    filler = _lowest(x.dtype) if is_largest else _highest(x.dtype)
    asked = node.input(1)
    count = node.attribute("k") if asked is None else None
    if asked is not None and asked.data is not None:
        count = int(asked.data.reshape(-1)[0])
    if count is None:
        raise refused(node)
    size = pen.op("Min", x.sizes[axis], np.array(count, np.int64))
    most = min(count, extents(x)[axis])
    inputs = (masked(x, filler, pen, (axis,)), pen.constant(np.array([most], np.int64)))
    left = {place: each for place, each in x.sizes.items() if place != axis}
    node = replace(node, inputs=inputs, version=max(node.version, 11))
    node = replace(node, attributes={k: v for k, v in node.attributes.items() if k != "k"})
    return in_full(node, pen, {**left, axis: size})
