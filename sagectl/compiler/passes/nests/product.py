"""Matrix products, the right operand in panels as wide as a vector."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints

if TYPE_CHECKING:
    import numpy as np
    from tvm.te import Tensor

    from sagectl.compiler.passes.nests.blocked import Extents

PRODUCT = "matrix_product"
PANELS = "panels"

# A product of a single row reads every weight once, as one stream of this many vectors a step.
STREAM = 4

# Runs of fewer rows than this are joined: a tile in registers is about as high.
FEW_ROWS = 8


def panel_columns(rows: int, columns: int, width: int) -> int:
    """How many vectors of weights stand side by side in a panel.

    One, so that tiles of any number of columns read separate streams; for a single row as
    many as keep the multiply-adds busy on one stream from memory.
    """
    vectors = -(-columns // width)
    return max(c for c in range(1, STREAM + 1) if vectors % c == 0) if rows == 1 else 1


def packed_matrix(weights: np.ndarray[Any, Any], width: int, columns: int) -> Any:
    """``[K, N]`` as ``[N/(c v), K, c, v]``, zero where no column is."""
    import numpy as np

    depth, count = weights.shape
    step = width * columns
    filled = np.zeros((depth, -(-count // step) * step), weights.dtype)
    filled[:, :count] = weights
    split = filled.reshape(depth, -1, columns, width)
    return np.ascontiguousarray(split.transpose(1, 0, 2, 3))


def flat_rows(outer: Extents) -> Extents:
    """The rows of a product with weights: short runs of them are one long run.

    A tile of rows is as high as the run is long; of one row each, every weight would be read
    for one multiplication.
    """
    return (prod(outer),) if len(outer) > 1 and outer[-1] < FEW_ROWS else outer


def dense(left: Tensor, right: Tensor, count: int) -> Tensor:
    """``left[..., M, K]`` times packed weights of ``count`` columns."""
    from tvm import te

    *outer, depth = ints(left.shape)
    _, _, columns, width = ints(right.shape)
    rows = flat_rows(tuple(outer))
    k = te.reduce_axis((0, depth), name="k")

    def element(*index: Any) -> Any:
        *place, n = index
        panel, lane = n // (columns * width), n % (columns * width)
        weight = right[panel, k, lane // width, lane % width]
        return te.sum(left[(*apart(place, outer), k)] * weight, axis=[k])

    columns_made = ints(right.shape)[0] * columns * width
    made = te.compute((*rows, columns_made), element, name=PRODUCT)
    if rows == tuple(outer):
        return cropped(made, count)
    return te.compute(
        (*outer, count), lambda *at: made[together(at[:-1], outer), at[-1]], name="crop"
    )


def apart(place: list[Any], outer: list[int]) -> list[Any]:
    """The place of a row in each of the outer axes."""
    if len(place) == len(outer):
        return place
    found: list[Any] = []
    (row,) = place
    for extent in reversed(outer):
        found.append(0 if extent == 1 else row % extent)
        row = row // extent
    return found[::-1]


def together(place: tuple[Any, ...], outer: list[int]) -> Any:
    """The place of a row among all rows."""
    row: Any = 0
    for position, extent in zip(place, outer, strict=True):
        row = row * extent + position
    return row


def cropped(made: Tensor, count: int) -> Tensor:
    """The first ``count`` columns: sums run over whole vectors, only results are cut off."""
    from tvm import te

    *outer, columns = ints(made.shape)
    if columns == count:
        return made
    return te.compute((*outer, count), lambda *at: made[at], name="crop")


def batched(
    left: Tensor, right: Tensor, left_axes: Extents, right_axes: Extents, width: int
) -> Tensor:
    """A product of operands computed at run time, each read through a permutation of its axes.

    ``right`` is first copied to panels ``[..., N/v, K, v]`` where its columns are not already
    in memory order or do not fill vectors.
    """
    from tvm import te, tirx

    seen_left = [ints(left.shape)[axis] for axis in left_axes]
    seen_right = [ints(right.shape)[axis] for axis in right_axes]
    *batch, rows, depth = seen_left
    columns = seen_right[-1]
    k = te.reduce_axis((0, depth), name="k")

    in_order = right_axes[-1] == len(right_axes) - 1
    shared = list(seen_right[:-2])
    panels = None
    if rows > 1 and (not in_order or columns % width):

        def panel(*index: Any) -> Any:
            *place, block, depth_index, lane = index
            column = block * width + lane
            value = read(right, right_axes, (*place, depth_index, column))
            if columns % width == 0:
                return value
            return tirx.if_then_else(column < columns, value, tirx.const(0, right.dtype))

        extents = (*shared, -(-columns // width), depth, width)
        panels = te.compute(extents, panel, name=PANELS)

    def element(*index: Any) -> Any:
        *place, m, n = index
        if panels is None:
            weight = read(right, right_axes, (*place, k, n))
        else:
            where = [0 if shared[i] == 1 else axis for i, axis in enumerate(place)]
            weight = panels[(*where, n // width, k, n % width)]
        return te.sum(read(left, left_axes, (*place, m, k)) * weight, axis=[k])

    outer = [max(a, b) for a, b in zip(batch, shared, strict=True)]
    made = columns if panels is None else -(-columns // width) * width
    return cropped(te.compute((*outer, rows, made), element, name=PRODUCT), columns)


def read(tensor: Tensor, axes: Extents, index: tuple[Any, ...]) -> Any:
    """The element at an index of what a tensor is seen as through a permutation of its axes."""
    place: list[Any] = [0] * len(axes)
    for position, axis in enumerate(axes):
        place[axis] = 0 if ints(tensor.shape)[axis] == 1 else index[position]
    return tensor[tuple(place)]
