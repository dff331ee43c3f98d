"""Convolutions of 3x3 by Winograd's F(4x4, 3x3): a quarter of the multiplications.

A tile of 6x6 pixels gives 4x4 results (Lavin and Gray, "Fast Algorithms for Convolutional
Neural Networks", 2016). Sums are regrouped: results differ from a direct convolution's by a
few times 1e-6.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints
from sagectl.compiler.passes.nests.blocked import bordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from tvm.te import Tensor

    from sagectl.compiler.passes.nests.blocked import Extents
    from sagectl.compiler.passes.nests.convolution import Window

TILE = 4
REACH = 6

# The weights grow fourfold: this bounds what a layer may cost in memory.
LARGEST_BYTES = 12 << 20
FEWEST_TILES = 9

ROWS_IN = "winograd_rows_in"
COLUMNS_IN = "winograd_columns_in"
PRODUCT = "winograd_product"
COLUMNS_OUT = "winograd_columns_out"
RESULT = "winograd_result"

Matrix = tuple[tuple[float, ...], ...]

# The result is interpolated from its values at these points, and at infinity. Those of Lavin
# and Gray (0, 1, -1, 2, -2) lose two and a half times as much to rounding.
POINTS = (0.0, sqrt(0.5), -sqrt(0.5), sqrt(2.0), -sqrt(2.0))


def _monic(roots: Sequence[float]) -> list[float]:
    """The coefficients, lowest first, of the polynomial with these roots."""
    made = [1.0]
    for root in roots:
        shifted, scaled = [0.0, *made], [-root * value for value in made]
        made = [a + b for a, b in zip(shifted, [*scaled, 0.0], strict=True)]
    # Roots come in pairs: what should cancel leaves only the rounding of their squares.
    return [0.0 if abs(value) < 1e-12 else round(value, 12) for value in made]


def _others(point: float) -> list[float]:
    return [other for other in POINTS if other != point]


INPUT: Matrix = (*((*_monic(_others(p)), 0.0) for p in POINTS), tuple(_monic(POINTS)))
KERNEL: Matrix = (
    *(tuple(p**k / prod(p - other for other in _others(p)) for k in range(3)) for p in POINTS),
    (0.0, 0.0, 1.0),
)
OUTPUT: Matrix = tuple((*(p**k for p in POINTS), float(k == TILE - 1)) for k in range(TILE))


def transformed_weights(weights: np.ndarray[Any, Any], width: int) -> Any:
    """``[O, I, 3, 3]`` as ``[36, O/v, I/v, v, v]``, computed in double precision."""
    import numpy as np

    kernel = np.array(KERNEL)
    made = np.einsum("ay,oiyx,bx->aboi", kernel, weights.astype(np.float64), kernel)
    outputs, inputs = weights.shape[:2]
    filled = np.zeros((REACH**2, -(-outputs // width) * width, -(-inputs // width) * width))
    filled[:, :outputs, :inputs] = made.reshape(REACH**2, outputs, inputs)
    split = filled.reshape(REACH**2, filled.shape[1] // width, width, -1, width)
    return np.ascontiguousarray(split.transpose(0, 1, 3, 4, 2), "f4")


def _row(matrix: Matrix, row: Any, value: Any) -> Any:
    """The product of one row of a matrix with ``value(0), value(1), ...``.

    The row is known once its loop is unrolled: of the choice between rows nothing is left.
    """
    from tvm import tirx

    def product(coefficients: tuple[float, ...]) -> Any:
        made: Any = None
        for place, coefficient in enumerate(coefficients):
            if coefficient == 0:
                continue
            term = value(place)
            if abs(coefficient) != 1:
                term = term * tirx.const(abs(coefficient), "float32")
            if made is None:
                made = term if coefficient > 0 else tirx.const(0.0, "float32") - term
            else:
                made = made + term if coefficient > 0 else made - term
        return made

    made = product(matrix[-1])
    for place in range(len(matrix) - 2, -1, -1):
        made = tirx.Select(row == place, product(matrix[place]), made)
    return made


def convolution(image: Tensor, weights: Tensor, window: Window) -> Tensor:
    """A convolution of stride one over a blocked image."""
    from tvm import te

    batch, inputs, height, span, width = ints(image.shape)
    outputs = ints(weights.shape)[1]
    top, left, bottom, right = window.padding
    made = (height + top + bottom - 2, span + left + right - 2)
    down, across = (-(-extent // TILE) for extent in made)
    around = (top, left, down * TILE + 2 - height - top, across * TILE + 2 - span - left)
    source = bordered(image, around)

    rows = te.compute(
        (batch, inputs, down, REACH, across * TILE + 2, width),
        lambda n, c, t, i, x, u: _row(INPUT, i, lambda y: source[n, c, t * TILE + y, x, u]),
        name=ROWS_IN,
    )

    tiles = down * across

    def column(i: Any, j: Any, n: Any, p: Any, c: Any, u: Any) -> Any:
        t, s = p // across, p % across
        return _row(INPUT, j, lambda x: rows[n, c, t, i, s * TILE + x, u])

    pixels = te.compute((REACH, REACH, batch, tiles, inputs, width), column, name=COLUMNS_IN)
    c = te.reduce_axis((0, inputs), name="c")
    u = te.reduce_axis((0, width), name="u")

    def product(i: Any, j: Any, n: Any, p: Any, o: Any, v: Any) -> Any:
        weight = weights[i * REACH + j, o, c, u, v]
        return te.sum(pixels[i, j, n, p, c, u] * weight, axis=[c, u])

    products = te.compute((REACH, REACH, batch, tiles, outputs, width), product, name=PRODUCT)
    columns = te.compute(
        (batch, outputs, down, across, REACH, TILE, width),
        lambda n, o, t, s, i, x, v: _row(
            OUTPUT, x, lambda j: products[i, j, n, t * across + s, o, v]
        ),
        name=COLUMNS_OUT,
    )

    def result(n: Any, o: Any, h: Any, w: Any, v: Any) -> Any:
        return _row(
            OUTPUT, h % TILE, lambda i: columns[n, o, h // TILE, w // TILE, i, w % TILE, v]
        )

    return te.compute((batch, outputs, *made, width), result, name=RESULT)


def serves(outputs: int, inputs: int, extents: Extents, width: int) -> bool:
    """Whether the transforms pay: enough tiles to share weights of bounded size."""
    tiles = prod(-(-extent // TILE) for extent in extents)
    waste = tiles * TILE**2 / prod(extents)
    size = 4 * REACH**2 * inputs * outputs
    return inputs >= width and tiles >= FEWEST_TILES and waste <= 2 and size <= LARGEST_BYTES
