"""Matrix products: weights packed ahead, transposes of operands read through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import (
    constant,
    dtype,
    ints,
    rewritten,
    shape,
)
from sagectl.compiler.passes.nests import dots, product, rows

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site
    from sagectl.compiler.targets import Target

FLOAT = "float32"


def packed(module: IRModule, target: Target) -> IRModule:
    """The module with every float matrix product as a nest that has a schedule."""
    width = max(1, target.vector_bytes // 4)
    return rewritten(module, {"relax.matmul": lambda site: _matmul(site, width)})


def _matmul(site: Site, width: int) -> Any:
    left, right = site.args
    known = shape(left), shape(right), shape(site.call)
    if any(extents is None or 0 in extents for extents in known):
        return None
    if {dtype(left), dtype(right), dtype(site.call)} != {FLOAT} or len(known[2] or ()) < 2:
        return None
    weights = constant(right)
    if weights is not None and weights.ndim == 2 and len(known[0] or ()) >= 2:
        if weights.shape[1] == 1:
            return _column(site, left, weights, width)
        count = product.flat_rows((known[0] or ())[:-1])[-1]
        columns = product.panel_columns(count, weights.shape[1], width)
        return _dense(site, left, weights, width, columns)
    if len(known[0] or ()) == len(known[1] or ()):
        return _batched(site, width)
    return None


def _dense(site: Site, left: Any, weights: Any, width: int, columns: int) -> Any:
    from tvm.relax import const

    made = const(product.packed_matrix(weights, width, columns))
    count = weights.shape[1]
    return site.emit_te(lambda x, w: product.dense(x, w, count), left, made, name="dense")


def _column(site: Site, left: Any, weights: Any, width: int) -> Any:
    """A single column, which fills no vector: each row of the left is summed by lanes."""
    from tvm.relax import const

    made = const(weights.reshape(-1))
    return site.emit_te(lambda x, w: rows.weighted(x, w, width), left, made, name="column")


def _batched(site: Site, width: int) -> Any:
    from tvm.relax import op

    (left, left_axes), (right, right_axes) = (_through(site, arg) for arg in site.args)
    *_, count, columns = extents = shape(site.call) or ()
    is_column = columns == 1 < count
    if is_column:
        # A single column fills no vector; seen from the other side it is a row.
        left, right = right, left
        left_axes, right_axes = _turned(right_axes), _turned(left_axes)
        count = 1
    are_dots = dots.are_dots(count, shape(right) or (), right_axes, width)

    def nest(x: Any, y: Any) -> Any:
        made = dots.dots if are_dots else product.batched
        return made(x, y, left_axes, right_axes, width)

    made = site.emit_te(nest, left, right, name="matmul")
    return op.reshape(made, extents) if is_column else made


def _turned(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of a matrix, or of many, with rows for columns."""
    *outer, rows, columns = axes
    return (*outer, columns, rows)


def _through(site: Site, operand: Any) -> tuple[Any, tuple[int, ...]]:
    """What an operand is a permutation of, and the permutation."""
    made = site.sole(operand, "relax.permute_dims")
    if made is not None and made.attrs.axes is not None and dtype(made.args[0]) == FLOAT:
        return made.args[0], ints(made.attrs.axes)
    return operand, tuple(range(len(shape(operand) or ())))
