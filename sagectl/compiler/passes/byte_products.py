"""Which matrix products run on bytes: those of quantised values with constant weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from sagectl.compiler.dots import dot
from sagectl.compiler.passes.graph import constant, dtype, literal, operator, rewritten, shape
from sagectl.compiler.passes.layout_integers import BYTES, DEQUANTISE, levels
from sagectl.compiler.passes.nests import byte_product as nests

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.dots import Dot
    from sagectl.compiler.passes.graph import Site
    from sagectl.compiler.targets import Target

    Array = np.ndarray[Any, Any]

# Whole numbers that single precision has, without gaps.
EXACT = 1 << 24


@dataclass(frozen=True, slots=True)
class Factors:
    """Bytes less their zero point, a scalar, times whole weights ``[K, N]``.

    Without a scale, one for all columns or one for each, the product is of integers.
    """

    bytes: Any
    zero: Any
    weights: Array
    scale: Array | None = None

    @property
    def middles(self) -> Array:
        """What to take off each column's weights so that they are signed bytes."""
        low, high = self.weights.min(axis=0), self.weights.max(axis=0)
        return np.where((low < -128) | (high > 127), (low + high + 1) // 2, 0).astype(np.int32)

    @property
    def spans_a_byte(self) -> bool:
        return bool(np.ptp(self.weights, axis=0).max() <= 255)


def integral(module: IRModule, target: Target) -> IRModule:
    """The module with products of bytes as nests for the target's instruction.

    A target that has none takes products of integers in single precision, in runs so short
    that every sum is exact.
    """
    instruction = dot(target)
    rule = _in_runs if instruction is None else partial(_on_bytes, instruction=instruction)
    return rewritten(module, {"relax.matmul": rule})


def _on_bytes(site: Site, instruction: Dot) -> Any:
    from tvm.relax import const

    found = _factors(site)
    if found is None or not found.spans_a_byte:
        return _in_runs(site)
    kind = dtype(found.bytes)
    shift = 0 if kind == instruction.image else (128 if kind == "int8" else -128)
    middles, count = found.middles, found.weights.shape[1]
    signed = found.weights - middles
    operands = [
        found.bytes,
        const(nests.packed_matrix(signed, instruction.lanes)),
        found.zero,
        const(signed.sum(axis=0, dtype=np.int32)),
    ]
    if middles.any():
        operands += [_rows_less_zero(site, found), const(middles)]
    if found.scale is not None:
        operands.append(const(np.broadcast_to(found.scale, count).astype(np.float32)))

    def nest(x: Any, w: Any, zero: Any, totals: Any, *rest: Any) -> Any:
        from tvm import tirx

        point = zero[(0,) * len(zero.shape)] + tirx.const(shift, "int32")
        made = nests.centred(nests.sums(x, w, count, instruction.image), point, totals)
        if middles.any():
            made = nests.moved(made, *rest[:2])
        return made if found.scale is None else nests.scaled(made, rest[-1])

    return site.emit_te(nest, *operands, name="byte_product")


def _rows_less_zero(site: Site, found: Factors) -> Any:
    """The sum of each row of bytes less its zero points, ``[..., M, 1]``."""
    from tvm.relax import op

    wide = site.emit(op.astype(found.bytes, "int32"))
    totals = site.emit(op.sum(wide, axis=-1, keepdims=True))
    depth = literal(np.int32(found.weights.shape[0]))
    return site.emit(op.subtract(totals, site.emit(op.multiply(found.zero, depth))))


def _in_runs(site: Site) -> Any:
    """A product of integers as real ones, each too short for a sum to be rounded."""
    from tvm.relax import op

    found = _factors(site)
    if found is None or found.scale is not None:
        return None
    left = site.emit(op.astype(site.args[0], "float32"))
    depth, axis = found.weights.shape[0], len(shape(left) or ()) - 1
    made = None
    for start, stop in _runs(found.weights):
        part = left
        if stop - start < depth:
            part = site.emit(op.strided_slice(left, [axis], [start], [stop]))
        factor = literal(found.weights[start:stop].astype(np.float32))
        sums = site.emit(op.astype(site.emit(op.matmul(part, factor)), "int32"))
        made = sums if made is None else site.emit(op.add(made, sums))
    return made


def _runs(weights: Array) -> list[tuple[int, int]]:
    """Rows of weights whose products with bytes add up to what single precision has."""
    found, start = [], 0
    reach = np.abs(weights.astype(np.int64)) * 255
    total = np.zeros(weights.shape[1], np.int64)
    for row, each in enumerate(reach):
        if (total + each).max() >= EXACT:
            found.append((start, row))
            start, total = row, np.zeros_like(total)
        total += each
    return [*found, (start, len(weights))]


def _factors(site: Site) -> Factors | None:
    known = [shape(each) for each in (*site.args, site.call)]
    if any(each is None or 0 in each for each in known) or len(known[0] or ()) < 2:
        return None
    made = _of_integers(site) if dtype(site.call) == "int32" else _of_reals(site)
    return made if made is not None and made.weights.ndim == 2 else None


def _of_integers(site: Site) -> Factors | None:
    """Bytes made 32 bits wide, their zero point taken off, times constants."""
    left, weights = site.args[0], constant(site.args[1])
    made, zero = site.definition(left), literal(np.int32(0))
    if operator(made) == "relax.subtract":
        left, zero = made.args
        made = site.definition(left)
    if operator(made) != "relax.astype" or dtype(made.args[0]) not in BYTES:
        return None
    points = shape(zero)
    if weights is None or points is None or prod(points) != 1 or np.abs(weights).max() > 255:
        return None
    return Factors(made.args[0], zero, weights.astype(np.int32))


def _of_reals(site: Site) -> Factors | None:
    """Two tensors dequantised right before, the weights with a scale for each column."""
    source, kernel = (site.definition(arg) for arg in site.args)
    if operator(source) != DEQUANTISE or operator(kernel) != DEQUANTISE:
        return None
    found = levels(source)
    weights, scale, zero = (constant(arg) for arg in kernel.args)
    if found is None or weights is None or scale is None or zero is None:
        return None
    is_of_columns = scale.size == zero.size == 1 or int(kernel.attrs.axis) % 2 == 1
    known = {dtype(found.value), str(weights.dtype)}
    if not known <= set(BYTES) or not is_of_columns:
        return None
    whole = weights.astype(np.int32) - zero.reshape(-1).astype(np.int32)
    point = literal(np.int32(found.zero))
    return Factors(found.value, point, whole, scale.reshape(-1) * np.float32(found.scale))
