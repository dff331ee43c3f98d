"""How large a tile of accumulators a target's registers hold, and which shape serves best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

# Fused multiply-adds and loads that a core of today starts per cycle, and the cycles one takes.
PER_CYCLE = 2
LATENCY = 4


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """``rows`` broadcast values times ``columns`` vectors of weights."""

    rows: int
    columns: int

    @property
    def accumulators(self) -> int:
        """Sums that the tile keeps in registers."""
        return self.rows * self.columns

    @property
    def registers(self) -> int:
        """Registers that the tile occupies with a row of weights and one broadcast value."""
        return self.accumulators + self.columns + 1


def cycles(rows: int, columns: int) -> float:
    """The cycles of one step of the reduction over a tile."""
    work = rows * columns / PER_CYCLE
    loads = (rows + columns) / PER_CYCLE
    return max(work, loads, LATENCY)


@cache
def best_tile(length: int, columns: int, registers: int) -> Tile:
    """The tile that walks ``length`` rows by ``columns`` vectors in the fewest cycles.

    A tile need not divide the length: the remainder runs as a smaller tile of its own. It
    does divide the columns.
    """
    candidates = [
        tile
        for wide in range(1, min(columns, registers) + 1)
        if columns % wide == 0
        for rows in range(1, min(length, registers) + 1)
        if (tile := Tile(rows, wide)).registers <= registers or tile.accumulators == 1
    ]

    def cost(tile: Tile) -> tuple[float, int, int]:
        whole, rest = divmod(length, tile.rows)
        total = whole * cycles(tile.rows, tile.columns)
        total += cycles(rest, tile.columns) if rest else 0
        # A remainder costs code, and fewer accumulators hide less of the latency.
        total *= 1.02 if rest else 1.0
        return (round(total * columns / tile.columns, 3), -tile.accumulators, -tile.rows)

    return min(candidates, key=cost)


@cache
def whole_tile(length: int, columns: int, registers: int) -> Tile:
    """The best tile that divides the length, for code that cannot have a remainder."""
    tiles = [
        best_tile(rows, columns, registers)
        for rows in range(1, min(length, registers) + 1)
        if length % rows == 0
    ]

    def cost(tile: Tile) -> tuple[float, int]:
        return (cycles(tile.rows, tile.columns) / tile.accumulators, -tile.rows)

    return min((tile for tile in tiles if length % tile.rows == 0), key=cost)
