"""ScatterElements into a part of its input, which TVM takes for the whole of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    from dataclasses import replace

    from sagectl.compiler.frontends.onnx.rewrites.inside import rewritten as inside

    x, indices, updates = (node.required(place) for place in range(3))
    shape, count = pen.shape(x), pen.shape(indices)
    axis = node.attribute("axis", 0) % len(shape)
    if 0 in count:
        return x
    for place, size in enumerate(shape):
        if place == axis or count[place] == size:
            continue
        # What the indices do not reach along this axis stays as it is.
        reached = pen.slice(x, place, 0, count[place])
        (made,) = pen.lowered(replace(node, inputs=(reached, indices, updates)))
        assert made is not None
        return pen.concat([made, pen.slice(x, place, count[place], size)], place)
    return inside(node, pen)
