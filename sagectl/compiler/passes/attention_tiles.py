"""Whether attention pays as one nest, how many rows a tile of it holds, and what crowds it."""

from __future__ import annotations

from math import gcd, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.passes.nests.blocked import Extents
    from sagectl.compiler.targets import Target

# Rows of a tile, about: each key and value is read once for all of them.
STEP = 32
# How many lanes may be computed for each that holds a row.
MOST_LANES = 4 / 3
# How many times a cache's size the scores may have before nests apart fall behind.
FILLS = 4
# Lines of a set of the first cache: eight on most processors, and seldom more.
WAYS = 8


def tile_rows(leading: Extents, rows: int, columns: int, target: Target) -> int | None:
    """How many rows stand side by side; ``None`` where nests apart do as well or better."""
    width = max(1, target.vector_bytes // 4)
    if width == 1 or are_kept(leading, rows, columns, target):
        return None
    return filled_rows(rows, columns, width, target.l2_bytes)


def are_kept(leading: Extents, rows: int, columns: int, target: Target) -> bool:
    """Whether the caches keep scores well enough from one nest to the next.

    Then one nest saves little, and turning the queries of its tiles costs as much. What the
    scores of one matrix are held against is the first cache, and those of all matrices the
    second: eight to twelve heads of 64 break even between 160 and 190 rows and columns, and
    of 128 rows from four images on, in code for AVX-512 and AVX2.
    """
    each = 4 * rows * columns
    return each <= FILLS * target.l1_bytes and each * prod(leading) <= FILLS * target.l2_bytes


def filled_rows(rows: int, columns: int, width: int, cache: int) -> int | None:
    """The rows of a tile whose scores and exponentials the cache keeps, in whole vectors.

    ``None`` where too many lanes of the vectors would hold no row.
    """
    vectors = -(-rows // width)
    fitting = [
        count
        for count in range(1, max(1, STEP // width) + 2)
        if count == 1 or 2 * 4 * count * width * columns <= cache * 3 // 4
    ]

    def cost(count: int) -> tuple[float, int]:
        lanes = -(-vectors // count) * count
        # Fewer rows than that read keys and values more often, which costs little.
        return (lanes * (1.03 if count * width < STEP else 1.0), -count)

    best = min(fitting, key=cost)
    lanes = -(-vectors // best) * best * width
    return best * width if lanes <= rows * MOST_LANES else None


def are_crowded(pitch: int, step: int, target: Target) -> bool:
    """Whether keys ``pitch`` bytes apart push each other out of the first cache.

    Addresses a power of two apart fall into few of its sets. As many keys are read side by
    side as registers are left for each vector of a tile of ``step`` rows.
    """
    keys = target.registers * target.vector_bytes // (4 * step)
    size = target.l1_bytes // WAYS
    return keys > WAYS * (size // gcd(pitch, size))
