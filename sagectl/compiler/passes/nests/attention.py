"""Attention over tiles of query rows, which lie side by side in the lanes of vectors.

The scores of a tile stand transposed, ``[column, row]``: their products broadcast keys as they
lie in memory, a softmax goes down the lanes and never across them, and products with values
broadcast probabilities from neighbouring addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.elementary import exponential

if TYPE_CHECKING:
    from tvm.te import Tensor

    from sagectl.compiler.passes.nests.blocked import Extents

QUERIES = "queries"
SCORES = "scores"
MASKED = "masked"
PEAK = "peak"
POWERS = "powers"
TOTAL = "total"
SHARE = "share"
MIXED = "attention"
SHARED = "shared"

FLOAT = "float32"

Index = tuple[Any, ...]
Place = Callable[[Index], Index]


@dataclass(frozen=True, slots=True)
class Attention:
    """What attention reads and writes: extents, and where its operands' elements lie.

    ``query``, ``key`` and ``value`` tell the place of ``(*leading, row, depth)``,
    ``(*leading, column, depth)`` and ``(*leading, column, element)``. ``masked`` makes of a
    score, its ``(*leading, tile, column, row of the tile)`` and the other operands what the
    softmax takes. ``axes`` permute the result. Where ``is_guarded``, rows that see nothing
    are zero instead of no number.
    """

    leading: Extents
    rows: int
    columns: int
    depth: int
    elements: int
    step: int
    query: Place
    key: Place
    value: Place
    scale: float
    masked: Callable[[Any, Index, tuple[Tensor, ...]], Any]
    axes: Extents
    is_guarded: bool = False

    @property
    def tiles(self) -> int:
        """Into how many tiles the rows are cut; the last may be filled up."""
        return -(-self.rows // self.step)


def attention(
    form: Attention, query: Tensor, key: Tensor, value: Tensor, *others: Tensor
) -> Any:
    """``softmax(masked(query key^T)) value``."""
    from tvm import te

    outer, step = (*form.leading, form.tiles), form.step
    scores = _scores(form, query, key)
    masked = te.compute(
        (*outer, form.columns, step),
        lambda *at: form.masked(scores[at], at, others),
        name=MASKED,
    )
    powers, total = _powers(form, masked)
    element = te.reduce_axis((0, form.columns), name="l")

    def mixed(*at: Any) -> Any:
        *leading, tile, row, column = at
        weight = value[form.value((*leading, element, column))]
        return te.sum(powers[(*leading, tile, element, row)] * weight, axis=[element])

    sums = te.compute((*outer, step, form.elements), mixed, name=MIXED)
    return _result(form, sums, total)


def _scores(form: Attention, query: Tensor, key: Tensor) -> Tensor:
    from tvm import te, tirx

    outer, step = (*form.leading, form.tiles), form.step

    def turned(*at: Any) -> Any:
        *leading, tile, depth, lane = at
        row = tile * step + lane
        found = query[form.query((*leading, row, depth))]
        if form.scale != 1:
            found = found * tirx.const(form.scale, FLOAT)
        if form.rows % step == 0:
            return found
        return tirx.if_then_else(row < form.rows, found, tirx.const(0, FLOAT))

    queries = te.compute((*outer, form.depth, step), turned, name=QUERIES)
    d = te.reduce_axis((0, form.depth), name="d")

    def score(*at: Any) -> Any:
        *leading, tile, column, lane = at
        factor = key[form.key((*leading, column, d))]
        return te.sum(factor * queries[(*leading, tile, d, lane)], axis=[d])

    return te.compute((*outer, form.columns, step), score, name=SCORES)


def _powers(form: Attention, masked: Tensor) -> tuple[Tensor, Tensor]:
    """The exponentials of scores below their row's largest, and the sum of each row."""
    from tvm import te

    outer, step = (*form.leading, form.tiles), form.step

    def down(reduce: Any, values: Tensor, name: str) -> Tensor:
        l = te.reduce_axis((0, form.columns), name="l")  # noqa: E741
        return te.compute(
            (*outer, step),
            lambda *at: reduce(values[(*at[:-1], l, at[-1])], axis=[l]),
            name=name,
        )

    peak = down(te.max, masked, PEAK)
    powers = te.compute(
        (*outer, form.columns, step),
        lambda *at: exponential(masked[at] - peak[(*at[:-2], at[-1])]),
        name=POWERS,
    )
    return powers, down(te.sum, powers, TOTAL)


def _result(form: Attention, sums: Tensor, total: Tensor) -> Tensor:
    from tvm import te, tirx

    one, zero = tirx.const(1, FLOAT), tirx.const(0, FLOAT)
    share = te.compute(total.shape, lambda *at: one / total[at], name=SHARE)

    def shared(*at: Any) -> Any:
        made = sums[at] * share[at[:-1]]
        return tirx.Select(total[at[:-1]] > zero, made, zero) if form.is_guarded else made

    tiled = te.compute(sums.shape, shared, name=SHARED)
    extents = (*form.leading, form.rows, form.elements)

    def result(*at: Any) -> Any:
        *leading, row, element = (at[form.axes.index(axis)] for axis in range(len(extents)))
        return tiled[(*leading, row // form.step, row % form.step, element)]

    return te.compute(tuple(extents[axis] for axis in form.axes), result, name="result")


def copied(values: Tensor, extents: Extents, place: Place) -> Tensor:
    """A tensor of these extents whose elements are those at ``place`` of another."""
    from tvm import te

    return te.compute(extents, lambda *at: values[place(at)], name="copied")


def panelled(values: Tensor, step: int) -> Tensor:
    """``[..., row, column]`` as ``[..., tile, column, row of the tile]``, filled with zeros."""
    from tvm import te, tirx

    *outer, rows, columns = ints(values.shape)

    def element(*at: Any) -> Any:
        *leading, tile, column, lane = at
        row = tile * step + lane
        found = values[(*leading, row, column)]
        if rows % step == 0:
            return found
        return tirx.if_then_else(row < rows, found, tirx.const(0, values.dtype))

    return te.compute((*outer, -(-rows // step), columns, step), element, name="panelled")
