"""Operators whose results are laid out as their inputs are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.sizing.full import extents, in_full, refused

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def elementwise(node: Node, pen: Builder) -> list[Value | None]:
    """Axes that meet are cut to one and the same size, or are of size 1 in every run."""
    given = [value for value in node.inputs if value is not None]
    divisor = given[-1]
    if node.op in ("Div", "Mod") and divisor.sizes and str(divisor.dtype)[0] in "iu":
        raise refused(node)  # zeros lie beyond its size, and would end the process
    rank = max(len(extents(value)) for value in given)
    sizes: dict[int, Value] = {}
    for value in given:
        for axis, size in value.sizes.items():
            if sizes.setdefault(axis + rank - len(extents(value)), size) is not size:
                raise refused(node)
    for value in given:
        first = rank - len(extents(value))
        for axis in sizes:
            is_met = axis >= first and axis - first not in value.sizes
            if is_met and extents(value)[axis - first] != 1:
                raise refused(node)
    return in_full(node, pen, sizes)


def row_by_row(node: Node, pen: Builder) -> list[Value | None]:
    """Nothing of one entry of a batch shows in another."""
    first, *others = (value for value in node.inputs if value is not None)
    is_apart = set(first.sizes) == {0} and not any(each.sizes for each in others)
    is_mixed = (
        (node.op == "Gemm" and node.attribute("transA", 0))
        or (node.op == "BatchNormalization" and node.attribute("training_mode", 0))
        or (node.op == "MatMul" and not 2 <= len(extents(others[0])) <= len(extents(first)))
    )
    if not is_apart or is_mixed:
        raise refused(node)
    if node.op == "MatMul" and len(extents(others[0])) > 2 and extents(others[0])[0] != 1:
        raise refused(node)
    return in_full(node, pen, first.sizes)


def softmax(node: Node, pen: Builder) -> list[Value | None]:
    x = node.required(0)
    rank = len(extents(x))
    axis = node.attribute("axis", -1 if node.version >= 13 else 1) % rank
    mixed = {axis} if node.version >= 13 else set(range(axis, rank))
    if mixed & set(x.sizes):
        raise refused(node)
    return in_full(node, pen, x.sizes)


def normalised(node: Node, pen: Builder) -> list[Value | None]:
    x, *others = (value for value in node.inputs if value is not None)
    axis = node.attribute("axis", -1) % len(extents(x))
    if any(place >= axis for place in x.sizes) or any(value.sizes for value in others):
        raise refused(node)
    return in_full(node, pen, x.sizes)
