"""Split with parts of no elements, which TVM cannot cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value | None] | None:
    x, given = node.required(0), node.input(1)
    shape = pen.shape(x)
    axis = node.attribute("axis", 0) % len(shape)
    sizes = node.attribute("split") if given is None else pen.known(given, "the split")
    if sizes is None:
        count = node.attribute("num_outputs", 0) or len(node.wanted)
        size = -(-shape[axis] // count)
        sizes = [max(0, min(size, shape[axis] - at * size)) for at in range(count)]
    if all(sizes):
        return None
    ends = [int(sum(sizes[: place + 1])) for place in range(len(sizes))]
    return [
        pen.slice(x, axis, end - int(size), end) for end, size in zip(ends, sizes, strict=True)
    ]
