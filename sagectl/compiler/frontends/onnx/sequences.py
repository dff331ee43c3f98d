"""Sequences, taken apart while compiling: their lengths are known, their items are tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node


def sequence(items: Sequence[Value]) -> Value:
    """``items`` as one value."""
    return Value("sequence", None, None, items=tuple(items))


def items_of(node: Node) -> list[Value]:
    """The items of the node's first input."""
    items = node.required(0).items
    if items is None:
        raise Unsupported("a sequence whose items are not known at compile time")
    return list(items)


def _place(node: Node, index: int, length: int, default: int, pen: Builder) -> int:
    """The position at input ``index``, counted from the start."""
    given = node.input(index)
    place = default
    if given is not None:
        place = int(pen.known(given, "the position").reshape(-1)[0])
    place += length if place < 0 else 0
    if not 0 <= place <= length:
        raise Unsupported(f"position {place} of a sequence of {length}")
    return place


def _construct(node: Node, pen: Builder) -> Value:
    return sequence([each for each in node.inputs if each is not None])


def _empty(node: Node, pen: Builder) -> Value:
    return sequence([])


def _insert(node: Node, pen: Builder) -> Value:
    items = items_of(node)
    items.insert(_place(node, 2, len(items), len(items), pen), node.required(1))
    return sequence(items)


def _erase(node: Node, pen: Builder) -> Value:
    items = items_of(node)
    del items[_place(node, 1, len(items), len(items) - 1, pen)]
    return sequence(items)


def _at(node: Node, pen: Builder) -> Value:
    items = items_of(node)
    place = _place(node, 1, len(items), 0, pen)
    if place == len(items):
        raise Unsupported(f"position {place} of a sequence of {len(items)}")
    return items[place]


def _length(node: Node, pen: Builder) -> Value:
    import numpy as np

    return pen.constant(np.array(len(items_of(node)), np.int64))


def _concat(node: Node, pen: Builder) -> Value:
    items, axis = items_of(node), node.attribute("axis")
    if node.attribute("new_axis", 0):
        return pen.stack(items, axis % (len(pen.shape(items[0])) + 1))
    return pen.concat(items, axis)


def _split(node: Node, pen: Builder) -> Value:
    x, split = node.required(0), node.input(1)
    shape = pen.shape(x)
    axis = node.attribute("axis", 0) % len(shape)
    if split is None:
        if not node.attribute("keepdims", 1):
            return sequence([pen.pick(x, axis, place) for place in range(shape[axis])])
        sizes = [1] * shape[axis]
    else:
        given = pen.known(split, "the split")
        if given.ndim:
            sizes = [int(size) for size in given]
        else:
            size = int(given)
            sizes = [min(size, shape[axis] - at) for at in range(0, shape[axis], size)]
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    return sequence(
        [pen.slice(x, axis, end - size, end) for end, size in zip(ends, sizes, strict=True)]
    )


SEQUENCES: dict[str, Callable[[Node, Builder], Value]] = {
    "ConcatFromSequence": _concat,
    "SequenceAt": _at,
    "SequenceConstruct": _construct,
    "SequenceEmpty": _empty,
    "SequenceErase": _erase,
    "SequenceInsert": _insert,
    "SequenceLength": _length,
    "SplitToSequence": _split,
}
