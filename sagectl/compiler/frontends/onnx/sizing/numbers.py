"""Vectors whose elements are known one by one, sizes among them: shapes in the making."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    Elements = tuple[Value, ...]


def elements(value: Value, pen: Builder) -> Elements | None:
    """The scalars of a vector, or the scalar itself; None where they are not known apart."""
    if value.data is not None and value.data.ndim < 2:
        return tuple(pen.constant(each) for each in value.data.reshape(-1))
    return value.numbers


def numbered(scalars: Elements, pen: Builder) -> Value:
    """A vector that remembers what it is made of."""
    import numpy as np

    axis = np.array([0], np.int64)
    single = [pen.ops("Unsqueeze", each, axis, outputs=1, is_final=True)[0] for each in scalars]
    made = pen.concat(single, 0)
    if made.data is None:
        made.numbers = scalars
    return made


def picked(node: Node, pen: Builder) -> list[Value | None] | None:
    """What a node makes of such a vector, where that is one again, or an element of one."""
    step = _STEPS.get(node.op) if not node.domain and not node.is_final else None
    if step is None or not any(each is not None and each.numbers for each in node.inputs):
        return None
    return step(node, pen)


def _gathered(node: Node, pen: Builder) -> list[Value | None] | None:
    scalars, indices = node.required(0).numbers, node.required(1).data
    if scalars is None or indices is None or indices.ndim > 1:
        return None
    if indices.ndim == 0:
        return [scalars[int(indices)]]
    return [numbered(tuple(scalars[int(place)] for place in indices), pen)]


def _sliced(node: Node, pen: Builder) -> list[Value | None] | None:
    scalars = node.required(0).numbers
    bounds = [each.data for each in node.inputs[1:3] if each is not None]
    if scalars is None or len(node.inputs) > 4 or len(bounds) != 2:
        return None
    first, last = (None if each is None else int(each.reshape(-1)[0]) for each in bounds)
    if first is None or last is None or not scalars[first:last]:
        return None
    return [numbered(scalars[first:last], pen)]


def _joined(node: Node, pen: Builder) -> list[Value | None] | None:
    scalars: Elements = ()
    for value in node.inputs:
        part = None if value is None else elements(value, pen)
        if part is None:
            return None
        scalars += part
    return [numbered(scalars, pen)]


def _same(node: Node, pen: Builder) -> list[Value | None] | None:
    x = node.required(0)
    is_same = node.op == "Identity" or node.attribute("to") == 7
    return [x] if is_same else None


def _single(node: Node, pen: Builder) -> list[Value | None] | None:
    scalars = node.required(0).numbers
    return [scalars[0]] if scalars and len(scalars) == 1 else None


def _wrapped(node: Node, pen: Builder) -> list[Value | None] | None:
    x = node.required(0)
    return [numbered((x,), pen)] if x.shape == () else None


_STEPS: dict[str, Callable[[Node, Builder], list[Value | None] | None]] = {
    "Cast": _same,
    "Concat": _joined,
    "Gather": _gathered,
    "Identity": _same,
    "Slice": _sliced,
    "Squeeze": _single,
    "Unsqueeze": _wrapped,
}
