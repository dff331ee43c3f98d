"""Operators that move elements about, whatever these are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.sizing.full import (
    axes_of,
    extents,
    in_full,
    refused,
    without,
)
from sagectl.compiler.frontends.onnx.sizing.numbers import elements, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

_END = (1 << 62) - 1


def transposed(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    order = node.attribute("perm") or list(reversed(range(len(extents(x)))))
    return in_full(node, pen, {order.index(axis): size for axis, size in x.sizes.items()})


def squeezed(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    dropped = axes_of(node, len(extents(x)), pen)
    if dropped is None or set(dropped) & set(x.sizes):
        raise refused(node)
    return in_full(node, pen, without(x.sizes, dropped))


def unsqueezed(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    count = len(axes_of(node, 1, pen) or ())
    rank = len(extents(x)) + count
    added = axes_of(node, rank, pen) or ()
    kept = [axis for axis in range(rank) if axis not in added]
    return in_full(node, pen, {kept[axis]: size for axis, size in x.sizes.items()})


def expanded(node: Node, pen: Builder) -> list[Value | None]:
    """An axis that is cut stays what it is: the other shape has its size there, or a 1."""
    import numpy as np

    x = node.required(0)
    asked = _entries(node, pen)
    rank = max(len(extents(x)), len(asked))
    places = {axis + rank - len(extents(x)): size for axis, size in x.sizes.items()}
    wanted: list[int] = []
    for axis, size in enumerate([*[1] * (rank - len(asked)), *asked]):
        if axis in places and (size is places[axis] or size == 1):
            wanted.append(1)
        elif axis in places or not isinstance(size, int):
            raise refused(node)
        else:
            wanted.append(size)
    target = pen.constant(np.array(wanted, np.int64))
    return in_full(replace(node, inputs=(x, target)), pen, places)


def _entries(node: Node, pen: Builder) -> list[int | Value]:
    """The shape that is asked for: numbers, and sizes that a run finds."""
    asked = node.required(1)
    known = elements(asked, pen)
    if known is None:
        raise Unsupported(f"{asked.name!r} must be known at compile time", (asked,))
    return [each if each.data is None else int(each.data) for each in known]


def flattened(node: Node, pen: Builder) -> list[Value | None]:
    import numpy as np

    x = node.required(0)
    shape, axis = extents(x), node.attribute("axis", 1)
    if set(x.sizes) != {0} or axis % len(shape) != 1:
        raise refused(node)
    return [pen.op("Reshape", x, np.array([-1, math.prod(shape[1:])], np.int64))]


def reshaped(node: Node, pen: Builder) -> list[Value | None]:
    """What stands before and after the cut axis may be arranged anew.

    In front, where only ones stand before it, it may also take in what stands after it.
    """
    import numpy as np

    x = node.required(0)
    if len(x.sizes) != 1:
        raise refused(node)
    ((axis, size),) = x.sizes.items()
    shape, wanted = extents(x), _target(node, axis, pen)
    place = wanted.index(-1)
    before, after = math.prod(wanted[:place]), math.prod(wanted[place + 1 :])
    each = math.prod(shape[axis + 1 :])
    if before != math.prod(shape[:axis]) or not after or each % after:
        raise refused(node)
    if each != after:
        if before != 1:
            raise refused(node)
        size = pen.op("Mul", size, np.array(each // after, np.int64))
    wanted[place] = shape[axis] * each // after
    inputs = (x, pen.constant(np.array(wanted, np.int64)))
    return in_full(replace(node, inputs=inputs, attributes={}), pen, {place: size})


def _target(node: Node, axis: int, pen: Builder) -> list[int]:
    """The shape asked for, with -1 for the axis that is cut and nothing else."""
    x = node.required(0)
    shape, asked = extents(x), _entries(node, pen)
    if 0 in asked and node.attribute("allowzero", 0):
        raise refused(node)
    wanted: list[int] = []
    cut = None
    for place, size in enumerate(asked):
        if size is x.sizes[axis] or (size == 0 and place == axis):
            cut = place
            wanted.append(1)
        elif not isinstance(size, int):
            raise refused(node)
        else:
            wanted.append(size or shape[place])
    if cut is not None:
        if -1 in wanted:
            others, rest = -math.prod(wanted), math.prod(shape) // (shape[axis] or 1)
            if not others or rest % others:
                raise refused(node)
            wanted[wanted.index(-1)] = rest // others
        wanted[cut] = -1
    if wanted.count(-1) != 1:
        raise refused(node)
    return wanted


def sliced(node: Node, pen: Builder) -> list[Value | None]:
    """A slice of an axis that is cut starts at a fixed place and goes forward."""
    import numpy as np

    x = node.required(0)
    shape = extents(x)
    starts, ends, axes, steps = _bounds(node, len(shape), pen)
    sizes = dict(x.sizes)
    for place, axis in enumerate(axes):
        if axis not in x.sizes:
            continue
        start, end = starts[place], ends[place]
        if start < 0 or steps[place] != 1:
            raise refused(node)
        if start > 0 or end < shape[axis]:
            stop = pen.op("Min" if end >= 0 else "Add", sizes[axis], np.array(end, np.int64))
            left = pen.op("Sub", stop, np.array(start, np.int64))
            sizes[axis] = pen.op("Max", left, np.array(0, np.int64))
        ends[place] = end if end >= 0 else _END
    bounds = (np.array(each, np.int64) for each in (starts, ends, axes, steps))
    inputs = (x, *(pen.value(each) for each in bounds))
    return in_full(replace(node, inputs=inputs, attributes={}, version=13), pen, sizes)


def _bounds(node: Node, rank: int, pen: Builder) -> tuple[list[int], ...]:
    def listed(name: str, index: int) -> list[int] | None:
        given = node.attribute(name)
        if given is None and (value := node.input(index)) is not None:
            given = pen.known(value, f"the {name}").reshape(-1)
        return None if given is None else [int(each) for each in given]

    starts, ends = listed("starts", 1) or [], listed("ends", 2) or []
    axes = listed("axes", 3) or list(range(len(starts)))
    steps = listed("steps", 4) or [1] * len(starts)
    return starts, ends, [axis % rank for axis in axes], steps


def split(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    if node.attribute("axis", 0) % len(extents(x)) in x.sizes:
        raise refused(node)
    return in_full(node, pen, x.sizes)


def joined(node: Node, pen: Builder) -> list[Value | None]:
    values = [value for value in node.inputs if value is not None]
    axis = node.attribute("axis") % len(extents(values[0]))
    others = [
        {place: size for place, size in value.sizes.items() if place != axis}
        for value in values
    ]
    if any(each != others[0] for each in others):
        raise refused(node)
    if not any(axis in value.sizes for value in values):
        return in_full(node, pen, others[0])
    made = values[0]
    for value in values[1:]:
        made = _appended(made, value, axis, pen)
    return [made]


def _appended(one: Value, other: Value, axis: int, pen: Builder) -> Value:
    """The second follows where the first ends, which a run finds."""
    import numpy as np

    def size_of(value: Value) -> Any:
        return value.sizes.get(axis, np.array(extents(value)[axis], np.int64))

    both = pen.op("Concat", pen.full(one), pen.full(other), axis=axis)
    first, total = extents(one)[axis], extents(both)[axis]
    if axis in one.sizes:
        places = np.arange(total, dtype=np.int64)
        later = pen.op("Add", pen.op("Sub", places, size_of(one)), np.array(first, np.int64))
        is_first = pen.op("Less", places, size_of(one))
        chosen = pen.op("Where", is_first, places, later)
        last = np.array(total - 1, np.int64)
        both = pen.op("Gather", both, pen.op("Min", chosen, last), axis=axis)
    size = pen.op("Add", size_of(one), size_of(other))
    return pen.sized(both, {**one.sizes, axis: size})


def shape(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    numbers = _numbers(x, pen)[node.attribute("start", 0) : node.attribute("end")]
    return [numbered(tuple(numbers), pen)]


def size(node: Node, pen: Builder) -> list[Value | None]:
    product, *others = _numbers(node.required(0), pen)
    for number in others:
        product = pen.op("Mul", product, number)
    return [product]


def _numbers(x: Value, pen: Builder) -> Sequence[Value]:
    import numpy as np

    return [
        x.sizes[axis] if axis in x.sizes else pen.constant(np.array(extent, np.int64))
        for axis, extent in enumerate(extents(x))
    ]
