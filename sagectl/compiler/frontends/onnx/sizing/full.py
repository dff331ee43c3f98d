"""Values in full: what lies beyond their sizes taken along, or replaced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def in_full(node: Node, pen: Builder, sizes: Mapping[int, Value]) -> list[Value | None]:
    """The node's results from inputs in full, each of them with ``sizes``."""
    inputs = tuple(None if each is None else pen.full(each) for each in node.inputs)
    made = pen.lowered(replace(node, inputs=inputs))
    return [None if each is None else pen.sized(each, sizes) for each in made]


def refused(node: Node) -> Unsupported:
    """What to say of a node that cannot be computed in full."""
    sized = tuple(value for value in node.inputs if value is not None and value.sizes)
    names = ", ".join(repr(value.name) for value in sized)
    return Unsupported(f"the size of {names} is known at run time only", sized)


def extents(value: Value) -> tuple[int, ...]:
    """The most that each axis may be; raises Unsupported where that is open, too."""
    if not value.is_static:
        raise Unsupported(f"the shape of {value.name!r} is known at run time only", (value,))
    return tuple(int(size or 0) for size in value.shape or ())


def within(value: Value, axis: int, pen: Builder) -> Value:
    """Whether each place along ``axis`` counts; it broadcasts against the value."""
    import numpy as np

    shape = [1] * len(extents(value))
    shape[axis] = -1
    places = np.arange(extents(value)[axis], dtype=np.int64).reshape(shape)
    return pen.op("Less", places, value.sizes[axis])


def masked(value: Value, filler: Any, pen: Builder, axes: tuple[int, ...] = ()) -> Value:
    """The value with ``filler`` where it does not count along ``axes``, or any; in full."""
    made = pen.full(value)
    for axis in axes or tuple(value.sizes):
        made = pen.op("Where", within(value, axis, pen), made, pen.scalar(filler, value))
    return made


def without(sizes: Mapping[int, Value], dropped: list[int]) -> dict[int, Value]:
    """The sizes when some axes are gone."""
    return {
        axis - sum(each < axis for each in dropped): size
        for axis, size in sizes.items()
        if axis not in dropped
    }


def axes_of(node: Node, rank: int, pen: Builder) -> list[int] | None:
    """The axes of an attribute, or of an input in later versions; None where none are given."""
    given = node.attribute("axes")
    if given is None and (value := node.input(1)) is not None:
        given = [int(axis) for axis in pen.known(value, "the axes").reshape(-1)]
    return None if given is None else [axis % rank for axis in given]
