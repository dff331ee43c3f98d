"""Slice of operator sets before 10, whose bounds are attributes, and backwards over an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

ENDLESS = (2**31 - 1, 2**63 - 1)


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np

    if node.version >= 10:
        return _backwards(node, pen)
    starts = node.attribute("starts")
    axes = node.attribute("axes") or list(range(len(starts)))
    bounds = (starts, node.attribute("ends"), axes)
    return pen.op("Slice", node.required(0), *(np.array(each, np.int64) for each in bounds))


def _backwards(node: Node, pen: Builder) -> Value | None:
    """What goes backwards from before the first element starts with it, says ONNX.

    To onnxruntime the largest numbers are no end in either direction.
    """
    import numpy as np

    x, starts, ends, axes, steps = (node.input(position) for position in range(5))
    bounds = [None if each is None else each.data for each in (starts, ends, steps)]
    if x is None or any(each is None for each in bounds):
        return None
    first, last, step = (each.astype(np.int64) for each in bounds if each is not None)
    places = np.arange(len(first)) if axes is None else axes.data
    if places is None:
        return None
    sizes = np.array([pen.shape(x)[axis] for axis in places])
    begin = np.where((step < 0) & (first < -sizes), 0, first)
    end = np.where((step < 0) & np.isin(last, ENDLESS), -ENDLESS[1], last)
    if (begin == first).all() and (end == last).all():
        return None
    return pen.op("Slice", x, begin, end, places.astype(np.int64), step)
