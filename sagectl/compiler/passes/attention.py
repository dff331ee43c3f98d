"""Attention as one nest: a softmax between two products, with what masks and turns it."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.attention_tiles import are_crowded, tile_rows
from sagectl.compiler.passes.graph import constant, dtype, ints, literal, rewritten, shape
from sagectl.compiler.passes.nests.attention import (
    FLOAT,
    Attention,
    attention,
    copied,
    panelled,
)
from sagectl.compiler.passes.scores import scores_below
from sagectl.compiler.passes.views import View, strides, viewed

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site
    from sagectl.compiler.passes.nests.attention import Index
    from sagectl.compiler.passes.nests.blocked import Extents
    from sagectl.compiler.passes.scores import Other, Scores
    from sagectl.compiler.targets import Target

    # Operands with their rows side by side, which the layers of a model share.
    Panels = dict[tuple[Any, int], Any]


def fused(module: IRModule, target: Target) -> IRModule:
    """The module with attention as one nest, which never keeps the scores of all rows.

    A transpose of its result is part of the nest, and is looked for first.
    """
    from tvm.relax import transform

    for name, rooted in (("relax.permute_dims", _transposed), ("relax.matmul", _plain)):
        rule = partial(rooted, target=target, panels={})
        module = transform.DeadCodeElimination()(rewritten(module, {name: rule}))
    return module


def _transposed(site: Site, target: Target, panels: Panels) -> Any:
    product = site.sole(site.args[0], "relax.matmul")
    if product is None or shape(product) is None or site.attrs.axes is None:
        return None
    axes = ints(site.attrs.axes)
    if axes[-1] != len(axes) - 1:
        return None
    return _matched(site, product.args, shape(product) or (), axes, target, panels)


def _plain(site: Site, target: Target, panels: Panels) -> Any:
    extents = shape(site.call)
    if extents is None:
        return None
    return _matched(site, site.args, extents, tuple(range(len(extents))), target, panels)


def _matched(
    site: Site, operands: Any, extents: Extents, axes: Extents, target: Target, panels: Panels
) -> Any:
    """The nest of a product of these operands, if its left one is a softmax of scores."""
    left, right = operands
    known, values = shape(left), shape(right)
    if known is None or values is None or len(known) != len(values) or 0 in extents:
        return None
    found = scores_below(site, left)
    if found is None or dtype(right) != FLOAT or known[:-1] != extents[:-1]:
        return None
    *leading, rows, columns = known
    step = tile_rows(tuple(leading), rows, columns, target)
    if step is None or values[-1] % max(2, target.vector_bytes // 8):
        return None
    first, second = found.product.args
    query = viewed(site, first, partial(_is_direct, first))
    key = _keys(site, found, second, (*leading, columns), step, target)
    value = viewed(site, right, partial(_is_in_order, right))
    form = Attention(
        leading=tuple(leading),
        rows=rows,
        columns=columns,
        depth=(shape(first) or ())[-1],
        elements=values[-1],
        step=step,
        query=lambda at: _led(query, first, found.lead(at[:-2]), at[-2:]),
        key=key.place,
        value=lambda at: _led(value, right, at[:-2], at[-2:]),
        scale=query.scale * key.scale,
        masked=found.masked,
        axes=axes,
        is_guarded=found.is_guarded,
    )
    others = [_operand(site, each, step, panels) for each in found.others]
    sources = (query.source, key.source, value.source, *others)
    return site.emit_te(lambda *each: attention(form, *each), *sources, name="attention")


def _keys(
    site: Site, found: Scores, operand: Any, extents: Extents, step: int, target: Target
) -> View:
    """Keys by ``(*leading, column, depth)``: where they lie, or side by side if crowded."""
    view = viewed(site, operand, partial(_is_direct, operand))

    def place(at: Index) -> Index:
        return _led(view, operand, found.lead(at[:-2]), at[:-3:-1])

    if not are_crowded(_pitch(view, operand), step, target):
        return View(view.source, place, view.scale)
    depth = (shape(operand) or ())[-2]
    near = site.emit_te(
        lambda far: copied(far, (*extents, depth), place), view.source, name="keys"
    )
    return View(near, lambda at: at, view.scale)


def _pitch(view: View, operand: Any) -> int:
    """The bytes from each column of an operand to the next, in the source of its view."""
    source = shape(view.source) or ()
    steps = strides(view, shape(operand) or ()) or []
    return 4 * sum(step * prod(source[axis + 1 :]) for axis, (_, step) in enumerate(steps))


def _led(view: View, operand: Any, lead: Index, last: Index) -> Index:
    """The place in a view's source of an element whose operand may be copied along axes."""
    known = shape(operand) or ()
    found = (0 if size == 1 else i for size, i in zip(known[:-2], lead, strict=True))
    return view.place((*found, *last))


def _is_direct(operand: Any, view: View) -> bool:
    return strides(view, shape(operand) or ()) is not None


def _is_in_order(operand: Any, view: View) -> bool:
    """Whether a matrix's rows lie in the memory of a view's source as they are."""
    steps = strides(view, shape(operand) or ())
    if steps is None or view.scale != 1:
        return False
    *others, last = (step for _, step in steps)
    return last == 1 and not any(others)


def _operand(site: Site, other: Other, step: int, panels: Panels) -> Any:
    """What the nest reads of another operand: itself, or panels of its rows."""
    if not other.has_rows:
        return other.value if len(shape(other.value) or ()) > 1 else _as_row(site, other)
    found = panels.get((other.value, step))
    if found is None:
        found = panels[other.value, step] = _panels(site, other, step)
    return found


def _as_row(site: Site, other: Other) -> Any:
    """A vector as a matrix of one row."""
    from tvm.relax import op

    values = constant(other.value)
    if values is not None:
        return literal(values.reshape(other.extents))
    return site.emit(op.reshape(other.value, other.extents))


def _panels(site: Site, other: Other, step: int) -> Any:
    import numpy as np

    values = constant(other.value)
    if values is None:
        return site.emit_te(lambda x: panelled(x, step), other.value, name="panels")
    *outer, rows, columns = other.extents
    tiles = -(-rows // step)
    filled = np.zeros((*outer, tiles * step, columns), values.dtype)
    filled[..., :rows, :] = values.reshape(other.extents)
    split = filled.reshape(*outer, tiles, step, columns)
    return literal(np.ascontiguousarray(split.swapaxes(-1, -2)))
