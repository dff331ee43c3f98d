"""Operators on rows: each thread takes whole rows through all stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests.rows import LANES, ROWS
from sagectl.compiler.schedules.cpu.loops import (
    SPATIAL,
    blocks,
    extents,
    fused,
    is_spatial,
    is_static,
    kinds,
    lanes,
    parallel,
    peeled,
    schedule_of,
    volume,
)
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV, SBlockRV
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Run every stage inside the loop over rows, the last axis in vectors."""
    from tvm.s_tir import ScheduleError

    if not is_static(func):
        return declined("not all of its sizes are known")
    schedule = schedule_of(func)
    names = [schedule.get(block).name_hint for block in blocks(schedule)]
    if ROWS not in names:
        return declined(f"it has no block {ROWS!r}")
    try:
        for block in blocks(schedule)[names.index(ROWS) : -1]:
            schedule.compute_inline(block)
    except ScheduleError:
        return declined("what follows its rows cannot be inlined")
    *stages, result = blocks(schedule)
    depth = min(
        len(schedule.get_loops(stage)) - len(_reduced(schedule, stage)) for stage in stages
    )
    loops = schedule.get_loops(result)
    if depth < 2:
        return _single_row(schedule, stages, result, target)
    work = sum(
        volume(extents(schedule, schedule.get_loops(block))) for block in blocks(schedule)
    )
    row = fused(schedule, loops[: depth - 1])
    parallel(schedule, row, work)
    for stage in reversed(stages):
        schedule.compute_at(stage, row, preserve_unit_loops=True)
    for block in (*stages, result):
        vectorised(schedule, block, target, row)
    return schedule


def _single_row(
    schedule: Schedule, stages: list[SBlockRV], result: SBlockRV, target: Target
) -> Schedule:
    for block in (*stages, result):
        vectorised(schedule, block, target, None)
    return schedule


def _reduced(schedule: Schedule, block: SBlockRV) -> list[LoopRV]:
    order = kinds(schedule.get(block))
    loops = schedule.get_loops(block)[-len(order) :]
    return [loop for loop, kind in zip(loops, order, strict=True) if kind != SPATIAL]


def vectorised(schedule: Schedule, block: SBlockRV, target: Target, row: LoopRV | None) -> None:
    """Run the last axis of a stage in vectors; a reduction keeps its lanes in registers."""
    width = lanes(target)
    inner = schedule.get_loops(block)
    if not inner:  # a scalar epilogue
        return
    if is_spatial(schedule.get(block)):
        last = inner[-1]
        if row is not None and schedule.get(last).same_as(schedule.get(row)):
            return
        length = int(schedule.get(last).extent)
        if length > width:
            outer, last = schedule.split(last, [None, width])
            peeled(schedule, outer)
        if length > 1:
            schedule.vectorize(last)
        return
    reduced = _reduced(schedule, block)
    if schedule.get(block).name_hint.startswith(LANES):
        lane = inner[-1 - len(reduced)]
        schedule.reorder(*reduced, lane)
        schedule.vectorize(lane)
    schedule.decompose_reduction(block, reduced[0])
