"""Matrix products, tiles of rows by vectors of columns in registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests.product import PANELS, PRODUCT
from sagectl.compiler.schedules.cpu.anchor import Anchor, anchored
from sagectl.compiler.schedules.cpu.fallback import arrange
from sagectl.compiler.schedules.cpu.loops import (
    extents,
    fused,
    lanes,
    parallel,
    peeled,
    volume,
)
from sagectl.compiler.schedules.cpu.tiles import Tile, best_tile, whole_tile
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Walk the rows under each panel of columns, which the caches keep meanwhile."""
    from tvm.s_tir import ScheduleError

    try:
        return _tiled(func, target, within_runs=False)
    except ScheduleError:
        # A tile across the end of a run of joined rows: of some TVM cannot tell the place.
        return _tiled(func, target, within_runs=True)


def _tiled(func: PrimFunc, target: Target, *, within_runs: bool) -> Schedule | None:
    anchor = anchored(func, PRODUCT)
    if anchor is None:
        return None
    schedule = anchor.schedule
    run = joined_run(anchor)
    loops = with_rows_joined(anchor)
    if len(loops) != len(schedule.get_loops(anchor.block)) - 1 or len(loops) < 2:
        return declined("its result has other axes than the product")
    *_, rows, columns = extents(schedule, loops)
    width = lanes(target)
    # Fewer columns than lanes: shorter vectors, which the target has too.
    while width > columns:
        width //= 2
    if width < 2:
        return declined("its columns do not fill the shortest vector")
    columns = columns_of(anchor, width)
    chosen = whole_tile if run else best_tile
    tile = chosen(run if run and within_runs else rows, columns, target.registers)
    tile_product(anchor, tile, width)
    for block in anchor.prologue:
        if schedule.get(block).name_hint != PANELS:
            arrange(schedule, block, target)
    return schedule


def with_rows_joined(anchor: Anchor) -> list[LoopRV]:
    """The loops of the result, those over rows one where the product's are."""
    schedule = anchor.schedule
    loops = list(schedule.get_loops(anchor.result))
    if len(loops) > len(schedule.get_loops(anchor.block)) - 1 == 2:
        loops = [fused(schedule, loops[:-1]), loops[-1]]
    return loops


def joined_run(anchor: Anchor) -> int:
    """How many rows the result has in a run where the product's are joined; 0 where not."""
    schedule = anchor.schedule
    *outer, _ = extents(schedule, schedule.get_loops(anchor.result))
    axes = [extent for extent in outer if extent > 1]
    is_joined = len(schedule.get_loops(anchor.block)) - 1 == 2 < len(outer) + 1
    return axes[-1] if is_joined and len(axes) > 1 else 0


def columns_of(anchor: Anchor, width: int) -> int:
    """How many vectors stand side by side under a tile: a multiple of the panel's."""
    *_, count = extents(anchor.schedule, anchor.schedule.get_loops(anchor.result))
    return max(1, -(-count // width))


def tile_product(anchor: Anchor, tile: Tile, width: int) -> None:
    """Tile the last two loops; spread all others, and the tiles, over the threads."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    work = volume(extents(schedule, schedule.get_loops(block)))
    *batch, m, n = schedule.get_loops(result)
    mo, mi = schedule.split(m, [None, tile.rows])
    no, ni, nv = schedule.split(n, [None, tile.columns, width])
    schedule.reorder(*batch, no, mo, mi, ni, nv)
    peeled(schedule, no)
    peeled(schedule, mo)
    schedule.compute_at(block, mo, preserve_unit_loops=True)
    spread_product(anchor, batch, no, work)
    schedule.vectorize(nv)
    schedule.unroll(ni)
    schedule.unroll(mi)
    cm, cn, k = schedule.get_loops(block)[-3:]
    co, cv = schedule.split(cn, [None, width])
    schedule.reorder(k, cm, co, cv)
    schedule.vectorize(cv)
    schedule.unroll(co)
    schedule.unroll(cm)
    schedule.decompose_reduction(block, k)


def spread_product(anchor: Anchor, batch: list[LoopRV], panel: LoopRV, work: int) -> None:
    """Give each thread whole matrices of a batch; of a single matrix, panels of columns."""
    schedule = anchor.schedule
    is_batch = bool(batch) and volume(extents(schedule, batch)) > 1
    spread = fused(schedule, batch) if is_batch else panel
    for block in anchor.prologue:
        if schedule.get(block).name_hint == PANELS:
            if is_batch:
                schedule.compute_at(block, spread, preserve_unit_loops=True)
            else:
                loops = schedule.get_loops(block)
                work_packed = volume(extents(schedule, loops))
                parallel(schedule, fused(schedule, loops[:-2]), work_packed)
            schedule.vectorize(schedule.get_loops(block)[-1])
    parallel(schedule, spread, work)
