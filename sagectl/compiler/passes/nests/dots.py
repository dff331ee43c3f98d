"""Products of few rows with columns that lie in memory as rows: dot products in vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.product import read
from sagectl.compiler.passes.nests.rows import ROWS, reduced

if TYPE_CHECKING:
    from tvm.te import Tensor

    from sagectl.compiler.passes.nests.blocked import Extents

# With more rows it pays to copy columns to panels, which a tile of rows shares.
MOST_ROWS = 8
# Rows for each vector of depth, over which the lanes' sum at the end of every result counts.
ROWS_PER_VECTOR = 1.5


def are_dots(rows: int, right: Extents, right_axes: Extents, width: int) -> bool:
    """Whether columns of ``right``, seen through ``right_axes``, lie as rows for few rows."""
    depth = right[-1]
    if right_axes[-2] != len(right) - 1 or not depth >= width > 1:
        return False
    return rows <= min(MOST_ROWS, ROWS_PER_VECTOR * (depth // width))


def dots(
    left: Tensor, right: Tensor, left_axes: Extents, right_axes: Extents, width: int
) -> Tensor:
    """A product of operands computed at run time, each read through a permutation of its axes.

    Each result is a sum along the depth, vector by vector: every column of ``right`` is read
    as it lies, where panels would copy all of it for the sake of a row or two.
    """
    from tvm import te

    *batch, rows, depth = (ints(left.shape)[axis] for axis in left_axes)
    *shared, _, columns = (ints(right.shape)[axis] for axis in right_axes)
    outer = (*(max(a, b) for a, b in zip(batch, shared, strict=True)), rows, columns)

    def element(*at: Any) -> Any:
        *place, row, column, k = at
        return read(left, left_axes, (*place, row, k)) * read(
            right, right_axes, (*place, k, column)
        )

    made = reduced(outer, depth, width, "sum", element)
    return te.compute(outer, lambda *at: made[(*at, 0)], name=ROWS)
