"""Products of bytes with constant bytes: four products at a time into sums of 32 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.integer import QUAD
from sagectl.compiler.passes.nests.product import apart, cropped, flat_rows, together

if TYPE_CHECKING:
    import numpy as np
    from tvm.te import Tensor

PRODUCT = "byte_product"
BYTES = "bytes"


def sums(left: Tensor, weights: Tensor, count: int, made: str) -> Tensor:
    """``left[..., M, K]``, as bytes of type ``made``, times weights of ``count`` columns.

    ``weights`` are packed, ``[N/v, K/4, v, 4]``; the result is int32.
    """
    from tvm import te

    outer = ints(left.shape)[:-1]
    panels, quads, width, _ = ints(weights.shape)
    source = _filled(left, quads * QUAD, made)
    rows = flat_rows(outer)
    q = te.reduce_axis((0, quads), name="q")
    u = te.reduce_axis((0, QUAD), name="u")

    def element(*index: Any) -> Any:
        *place, panel, lane = index
        value = source[(*apart(place, list(outer)), q * QUAD + u)].astype("int32")
        return te.sum(value * weights[panel, q, lane, u].astype("int32"), axis=[q, u])

    found = te.compute((*rows, panels, width), element, name=PRODUCT)
    whole = te.compute(
        (*rows, panels * width),
        lambda *at: found[(*at[:-1], at[-1] // width, at[-1] % width)],
        name="columns",
    )
    if rows == outer:
        return cropped(whole, count)
    return te.compute(
        (*outer, count), lambda *at: whole[together(at[:-1], list(outer)), at[-1]], name="crop"
    )


def _filled(left: Tensor, depth: int, made: str) -> Tensor:
    """The bytes in the type ``made``, 128 added or taken off, and zeros up to whole quads."""
    from tvm import te, tirx

    *outer, known = ints(left.shape)
    if left.dtype == made and known == depth:
        return left
    flip = tirx.const(0 if left.dtype == made else 128, "uint8")

    def element(*at: Any) -> Any:
        value = tirx.reinterpret(made, tirx.reinterpret("uint8", left[at]) ^ flip)
        if known == depth:
            return value
        return tirx.if_then_else(at[-1] < known, value, tirx.const(0, made))

    return te.compute((*outer, depth), element, name=BYTES)


def centred(product: Tensor, zero: Any, totals: Tensor) -> Tensor:
    """The sums less what the zero point adds to each; ``totals`` ``[N]`` sum up the weights."""
    from tvm import te

    return te.compute(
        product.shape, lambda *at: product[at] - zero * totals[at[-1]], name="centred"
    )


def moved(product: Tensor, rows: Tensor, middles: Tensor) -> Tensor:
    """The sums with what was taken off the weights; ``rows`` ``[..., M, 1]``, ``[N]``."""
    from tvm import te

    return te.compute(
        product.shape,
        lambda *at: product[at] + rows[(*at[:-1], 0)] * middles[at[-1]],
        name="moved",
    )


def scaled(product: Tensor, scale: Tensor) -> Tensor:
    """The real values of sums; ``scale`` is ``[N]``."""
    from tvm import te

    return te.compute(
        product.shape, lambda *at: product[at].astype("float32") * scale[at[-1]], name="real"
    )


def packed_matrix(weights: np.ndarray[Any, Any], width: int) -> Any:
    """``[K, N]`` as ``[N/v, K/4, v, 4]``, zero where none is."""
    import numpy as np

    depth, count = weights.shape
    quads, panels = -(-depth // QUAD), -(-count // width)
    filled = np.zeros((quads * QUAD, panels * width), "int8")
    filled[:depth, :count] = weights
    split = filled.reshape(quads, QUAD, panels, width)
    return np.ascontiguousarray(split.transpose(2, 0, 3, 1))
