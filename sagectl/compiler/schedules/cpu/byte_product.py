"""Matrix products of bytes, four products to an instruction, sums in registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.dots import Dot, dot
from sagectl.compiler.passes.nests.byte_product import PRODUCT
from sagectl.compiler.passes.nests.integer import QUAD
from sagectl.compiler.schedules.cpu.anchor import Anchor, anchored
from sagectl.compiler.schedules.cpu.fallback import arrange
from sagectl.compiler.schedules.cpu.integer import registered
from sagectl.compiler.schedules.cpu.loops import extents, fused, parallel, peeled, volume
from sagectl.compiler.schedules.cpu.tiles import Tile, best_tile
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Walk the rows under each panel of columns, as products of reals are."""
    anchor = anchored(func, PRODUCT)
    instruction = dot(target)
    if anchor is None or instruction is None:
        return None
    schedule = anchor.schedule
    *outer, columns = schedule.get_loops(anchor.result)
    # The product's own loops: columns are two, and so are the sums'.
    joined = len(schedule.get_loops(anchor.block)) - 4
    if len(outer) > joined == 1:
        outer = [fused(schedule, outer)]
    if len(outer) != joined:
        return declined("its result has other axes than the product")
    *_, rows, count = extents(schedule, [*outer, columns])
    tile = best_tile(rows, -(-count // instruction.lanes), target.registers)
    tile_product(anchor, tile, instruction)
    for block in anchor.prologue:
        arrange(schedule, block, target)
    return schedule


def tile_product(anchor: Anchor, tile: Tile, instruction: Dot) -> None:
    """Tile the last two loops; spread panels of columns, or the batch, over the threads."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    work = volume(extents(schedule, schedule.get_loops(block))) // QUAD
    *batch, m, n = schedule.get_loops(result)
    mo, mi = schedule.split(m, [None, tile.rows])
    no, ni, nv = schedule.split(n, [None, tile.columns, instruction.lanes])
    schedule.reorder(*batch, no, mo, mi, ni, nv)
    peeled(schedule, no)
    peeled(schedule, mo)
    schedule.compute_at(block, mo, preserve_unit_loops=True)
    is_batch = bool(batch) and volume(extents(schedule, batch)) > 1
    parallel(schedule, fused(schedule, batch) if is_batch else no, work)
    schedule.vectorize(nv)
    schedule.unroll(ni)
    schedule.unroll(mi)
    cm, co, cv, q, u = schedule.get_loops(block)[-5:]
    schedule.reorder(q, cm, co, cv, u)
    schedule.unroll(co)
    schedule.unroll(cm)
    # The instruction takes whole vectors, whichever rows there are: it is a block of its own.
    step = schedule.blockize(cv)
    (start,) = schedule.get_child_blocks(schedule.decompose_reduction(step, q))
    schedule.vectorize(schedule.get_loops(start)[-1])
    schedule.tensorize(schedule.get_loops(block)[-2], registered()[instruction])
