"""Operators that pick elements by their places, or find the places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.sizing.full import (
    extents,
    in_full,
    masked,
    refused,
    within,
)

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def gathered(node: Node, pen: Builder) -> list[Value | None]:
    """From an axis that is cut, places before its start count from its end."""
    import numpy as np

    x, indices = node.required(0), node.required(1)
    axis = node.attribute("axis", 0) % len(extents(x))
    rank = len(extents(indices))
    sizes = {axis + place: size for place, size in indices.sizes.items()}
    for place, size in x.sizes.items():
        if place != axis:
            sizes[place if place < axis else place + rank - 1] = size
    full = pen.full(indices)
    if axis in x.sizes:
        full = pen.cast(full, np.int64)
        is_back = pen.op("Less", full, np.array(0, np.int64))
        full = pen.op("Where", is_back, pen.op("Add", full, x.sizes[axis]), full)
    return in_full(replace(node, inputs=(x, full)), pen, sizes)


def gathered_elements(node: Node, pen: Builder) -> list[Value | None]:
    import numpy as np

    x, indices = node.required(0), node.required(1)
    if x.sizes:
        raise refused(node)
    size = extents(x)[node.attribute("axis", 0) % len(extents(x))]
    inside = _inside(indices, np.array(size, np.int64), pen)
    return in_full(replace(node, inputs=(x, inside)), pen, indices.sizes)


def gathered_slices(node: Node, pen: Builder) -> list[Value | None]:
    """GatherND from values that are cut nowhere."""
    import numpy as np

    x, indices = node.required(0), node.required(1)
    shape, places = extents(x), extents(indices)
    if x.sizes or len(places) - 1 in indices.sizes or node.attribute("batch_dims", 0):
        raise refused(node)
    inside = _inside(indices, np.array(shape[: places[-1]], np.int64), pen)
    return in_full(replace(node, inputs=(x, inside)), pen, indices.sizes)


def _inside(indices: Value, limits: object, pen: Builder) -> Value:
    """What lies beyond the size names some element, too, whatever was computed of it."""
    import numpy as np

    full = pen.cast(pen.full(indices), np.int64)
    highest = pen.op("Sub", limits, np.array(1, np.int64))
    return pen.op("Max", pen.op("Min", full, highest), pen.op("Neg", limits))


def scattered(node: Node, pen: Builder) -> list[Value | None]:
    """ScatterND; what lies beyond the size goes to a row that is taken off again."""
    import numpy as np

    x, indices, updates = (node.required(place) for place in range(3))
    if x.sizes or set(indices.sizes) != {0} or indices.sizes != updates.sizes:
        raise refused(node)
    shape = extents(x)
    away = np.array([shape[0], *[0] * (extents(indices)[-1] - 1)], np.int64)
    limits = np.array(shape[: len(away)], np.int64)
    full = pen.full(indices)
    is_back = pen.op("Less", full, np.array(0, np.int64))
    ahead = pen.op("Where", is_back, pen.op("Add", full, limits), full)
    places = pen.op("Where", within(indices, 0, pen), ahead, away)
    spare = np.zeros((1, *shape[1:]), x.dtype)
    longer = pen.op("Concat", x, spare, axis=0)
    (made,) = in_full(replace(node, inputs=(longer, places, updates)), pen, {})
    return [made and pen.slice(made, 0, 0, shape[0])]


def non_zero(node: Node, pen: Builder) -> list[Value | None]:
    import numpy as np

    flags = pen.op("Cast", node.required(0), to=9)
    return [pen.op("NonZero", masked(flags, np.False_, pen))]


def compressed(node: Node, pen: Builder) -> list[Value | None]:
    import numpy as np

    x, condition = node.required(0), node.required(1)
    axis = node.attribute("axis")
    if axis is None and x.sizes and len(extents(x)) > 1:
        raise refused(node)
    flags = masked(condition, np.False_, pen) if condition.sizes else condition
    cut = x.sizes.get(0 if axis is None else axis % len(extents(x)))
    if cut is not None and condition.sizes.get(0) is not cut:
        raise refused(node)
    place = 0 if axis is None else axis % len(extents(x))
    left = {other: size for other, size in x.sizes.items() if other != place}
    (made,) = in_full(replace(node, inputs=(x, flags)), pen, left)
    return [made]


def pooled(node: Node, pen: Builder) -> list[Value | None]:
    """RoiAlign; a region beyond the size is pooled from some image, and means nothing."""
    import numpy as np

    x, regions, images = (node.required(place) for place in range(3))
    if x.sizes or set(regions.sizes) != {0} or regions.sizes != images.sizes:
        raise refused(node)
    inside = _inside(images, np.array(extents(x)[0], np.int64), pen)
    return in_full(replace(node, inputs=(x, regions, inside)), pen, regions.sizes)


def suppressed(node: Node, pen: Builder) -> list[Value | None]:
    """A box beyond the size has no score that would let it be chosen."""
    import numpy as np

    boxes, scores = node.required(0), node.required(1)
    if set(boxes.sizes) != {1} or set(scores.sizes) != {2}:
        raise refused(node)
    if boxes.sizes[1] is not scores.sizes[2]:
        raise refused(node)
    inputs = (pen.full(boxes), masked(scores, np.nan, pen), *node.inputs[2:])
    return in_full(replace(node, inputs=inputs), pen, {})
