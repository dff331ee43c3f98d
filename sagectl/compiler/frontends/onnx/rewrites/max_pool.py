"""MaxPool, with the indices of what it picked where they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value] | Value | None:
    import itertools

    import numpy as np

    from sagectl.compiler.frontends.onnx.rewrites.pooling import geometry, settled

    if not node.wants(1):
        return settled(node, pen)
    x = node.required(0)
    assert x.dtype is not None
    shape = pen.shape(x)
    spatial = list(shape[2:])
    kernel, strides, dilations, pads, _, sizes = geometry(node, spatial)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    candidates, numbers = [], []
    for place in itertools.product(*map(range, kernel)):
        value, number = x, np.zeros(sizes, np.int64)
        inside = np.ones(sizes, np.bool_)
        for axis, size in enumerate(spatial):
            at = (
                np.arange(sizes[axis]) * strides[axis]
                - pads[axis]
                + place[axis] * dilations[axis]
            )
            fits = (at >= 0) & (at < size)
            value = pen.op("Gather", value, at.clip(0, size - 1), axis=axis + 2)
            view = [-1 if each == axis else 1 for each in range(len(spatial))]
            inside &= fits.reshape(view)
            if node.attribute("storage_order", 0):
                stride = int(np.prod(spatial[:axis]))
            else:
                stride = int(np.prod(spatial[axis + 1 :]))
            number = number + (at.clip(0, size - 1) * stride).reshape(view)
        candidates.append(pen.op("Where", inside, value, np.array(lowest, x.dtype)))
        numbers.append(number)
    best, chosen = candidates[0], pen.value(np.broadcast_to(numbers[0], (1, 1, *sizes)))
    assert chosen is not None
    for value, number in zip(candidates[1:], numbers[1:], strict=True):
        is_better = pen.op("Greater", value, best)
        best = pen.op("Where", is_better, value, best)
        chosen = pen.op("Where", is_better, number, chosen)
    planes = np.arange(shape[0] * shape[1]) * int(np.prod(spatial))
    planes = planes.reshape(shape[0], shape[1], *([1] * len(spatial)))
    return [best, pen.op("Add", chosen, planes)]
