"""Attention: a tile of query rows through all stages while the caches hold its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests.attention import (
    MASKED,
    MIXED,
    PEAK,
    POWERS,
    QUERIES,
    SCORES,
    SHARE,
    SHARED,
    TOTAL,
)
from sagectl.compiler.schedules.cpu.anchor import REGISTERS
from sagectl.compiler.schedules.cpu.loops import (
    blocks,
    extents,
    fused,
    is_static,
    lanes,
    parallel,
    peeled,
    schedule_of,
    volume,
)
from sagectl.compiler.schedules.cpu.tiles import best_tile, whole_tile
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV, SBlockRV
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

STAGES = frozenset((QUERIES, SCORES, MASKED, PEAK, POWERS, TOTAL, SHARE, MIXED, SHARED))


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Take tile after tile of rows, which the threads share, from scores to results."""
    if not is_static(func):
        return declined("not all of its sizes are known")
    schedule = schedule_of(func)
    names = [schedule.get(block).name_hint for block in blocks(schedule)]
    if MIXED not in names:
        return declined(f"it has no block {MIXED!r}")
    # What comes before the stages, and all but the last of what follows them.
    for block in blocks(schedule)[:-1]:
        if schedule.get(block).name_hint not in STAGES:
            schedule.compute_inline(block)
    tile, sums = mixed(schedule, blocks(schedule)[-1], target)
    for name in (SHARE, TOTAL, POWERS, PEAK, MASKED):
        schedule.compute_at(schedule.get_sblock(name), tile, preserve_unit_loops=True)
    depth = scored(schedule, target)
    schedule.compute_at(schedule.get_sblock(QUERIES), tile, preserve_unit_loops=True)
    schedule.vectorize(schedule.get_loops(schedule.get_sblock(QUERIES))[-1])
    for name in (PEAK, TOTAL):
        down(schedule, schedule.get_sblock(name), target)
    for name in (POWERS, SHARE):
        in_vectors(schedule, schedule.get_loops(schedule.get_sblock(name))[-1], target)
    # Only now: a sum apart from its zero is no longer one block that others can be put into.
    schedule.decompose_reduction(schedule.get_sblock(SCORES), depth)
    schedule.decompose_reduction(schedule.get_sblock(MIXED), sums)
    return schedule


def mixed(schedule: Schedule, result: SBlockRV, target: Target) -> tuple[LoopRV, LoopRV]:
    """Multiply by the values; return the loop over tiles and that of the sums."""
    sums, shared = schedule.get_sblock(MIXED), schedule.get_sblock(SHARED)
    work = 2 * volume(extents(schedule, schedule.get_loops(sums)))
    for block in (sums, shared):
        schedule.set_scope(block, 0, REGISTERS)
    *outer, rows, elements = schedule.get_loops(shared)
    count, wide = extents(schedule, [rows, elements])
    width = lanes(target)
    while wide % width:
        width //= 2
    registers = whole_tile(count, wide // width, target.registers)
    tile = fused(schedule, outer)
    ro, ri = schedule.split(rows, [None, registers.rows])
    eo, ei, ev = schedule.split(elements, [None, registers.columns, width])
    schedule.reorder(eo, ro, ri, ei, ev)
    in_registers(schedule, ri, ei, ev)
    schedule.reverse_compute_at(result, ro, preserve_unit_loops=True)
    schedule.vectorize(schedule.split(schedule.get_loops(result)[-1], [None, width])[1])
    schedule.compute_at(sums, ro, preserve_unit_loops=True)
    *_, row, element, column = schedule.get_loops(sums)
    inner, lane = schedule.split(element, [None, width])
    schedule.reorder(column, row, inner, lane)
    in_registers(schedule, row, inner, lane)
    parallel(schedule, tile, work)
    return tile, column


def scored(schedule: Schedule, target: Target) -> LoopRV:
    """Multiply queries by keys; return the loop of the sums."""
    masked, scores = schedule.get_sblock(MASKED), schedule.get_sblock(SCORES)
    schedule.set_scope(scores, 0, REGISTERS)
    *_, columns, rows = schedule.get_loops(masked)
    count, step = extents(schedule, [columns, rows])
    width = lanes(target)
    registers = best_tile(count, step // width, target.registers)
    co, ci = schedule.split(columns, [None, registers.rows])
    ro, ri, lane = schedule.split(rows, [None, registers.columns, width])
    schedule.reorder(ro, co, ci, ri, lane)
    peeled(schedule, co)
    in_registers(schedule, ci, ri, lane)
    schedule.compute_at(scores, co, preserve_unit_loops=True)
    *_, column, row, depth = schedule.get_loops(scores)
    inner, lane = schedule.split(row, [None, width])
    schedule.reorder(depth, column, inner, lane)
    in_registers(schedule, column, inner, lane)
    return depth


def in_registers(schedule: Schedule, rows: LoopRV, columns: LoopRV, lane: LoopRV) -> None:
    """Unroll a tile of vectors."""
    schedule.vectorize(lane)
    schedule.unroll(columns)
    schedule.unroll(rows)


def down(schedule: Schedule, block: SBlockRV, target: Target) -> None:
    """Reduce all rows of a tile side by side, each in a lane of its own."""
    *_, rows, column = schedule.get_loops(block)
    inner, lane = schedule.split(rows, [None, lanes(target)])
    schedule.reorder(column, inner, lane)
    schedule.vectorize(lane)
    schedule.unroll(inner)
    schedule.decompose_reduction(block, column)


def in_vectors(schedule: Schedule, rows: LoopRV, target: Target) -> None:
    """Take the rows of a tile vector by vector."""
    inner, lane = schedule.split(rows, [None, lanes(target)])
    schedule.vectorize(lane)
    schedule.unroll(inner)
