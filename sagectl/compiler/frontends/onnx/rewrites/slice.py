"""Slice of operator sets before 10, whose bounds are attributes, and from before the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np

    if node.version >= 10:
        return _backwards(node, pen)
    starts = node.attribute("starts")
    axes = node.attribute("axes") or list(range(len(starts)))
    bounds = (starts, node.attribute("ends"), axes)
    return pen.op("Slice", node.required(0), *(np.array(each, np.int64) for each in bounds))


def _backwards(node: Node, pen: Builder) -> Value | None:
    """What goes backwards from before the first element starts with it, says ONNX."""
    import numpy as np

    x, starts, ends, axes, steps = (node.input(position) for position in range(5))
    assert x is not None
    if starts is None or starts.data is None or steps is None or steps.data is None:
        return None
    sizes, moved = pen.shape(x), starts.data.copy()
    places = np.arange(len(moved)) if axes is None else axes.data
    if places is None:
        return None
    for index, axis in enumerate(places):
        if steps.data[index] < 0 and moved[index] < -sizes[axis]:
            moved[index] = 0
    if (moved == starts.data).all():
        return None
    return pen.op("Slice", x, moved, ends, axes, steps)
