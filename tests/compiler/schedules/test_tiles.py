"""The shape of register tiles."""

from __future__ import annotations

import pytest

from sagectl.compiler.schedules.cpu.tiles import Tile, best_tile, whole_tile


@pytest.mark.parametrize("registers", [8, 16, 32])
def test_a_tile_never_needs_more_registers_than_there_are(registers: int) -> None:
    for length in range(1, 60):
        for columns in (1, 2, 3, 4, 5, 8, 13, 64):
            tile = best_tile(length, columns, registers)
            assert tile.registers <= registers
            assert columns % tile.columns == 0
            assert tile.rows <= length


def test_a_tile_of_many_registers_hides_the_latency_of_its_sums() -> None:
    assert best_tile(56, 4, 32).accumulators >= 20
    assert best_tile(56, 4, 16).accumulators >= 8


def test_a_length_without_divisors_is_not_walked_one_by_one() -> None:
    assert best_tile(149, 2, 32).accumulators >= 16


def test_tiles_are_chosen_alike_every_time() -> None:
    assert best_tile(28, 8, 32) == best_tile.__wrapped__(28, 8, 32)
    assert isinstance(best_tile(28, 8, 32), Tile)


@pytest.mark.parametrize("registers", [16, 32])
def test_a_whole_tile_leaves_no_remainder(registers: int) -> None:
    for length in range(1, 60):
        for columns in (1, 2, 3, 4, 8, 20):
            tile = whole_tile(length, columns, registers)
            assert length % tile.rows == columns % tile.columns == 0
            assert tile.registers <= registers
    assert whole_tile(56, 4, 32).accumulators >= 16
