"""Winograd convolution: rows of tiles pass through all stages while the cache holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests import winograd
from sagectl.compiler.passes.nests.blocked import BORDER
from sagectl.compiler.schedules.cpu.fallback import arrange
from sagectl.compiler.schedules.cpu.loops import (
    blocks,
    extents,
    fused,
    is_static,
    parallel,
    peeled,
    schedule_of,
    volume,
)
from sagectl.compiler.schedules.cpu.tiles import best_tile
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV, SBlockRV
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

# Products of fewer pixels than this would read the weights too often.
FEWEST_PIXELS = 16


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Take a few rows of tiles at a time through transforms and products."""
    if not is_static(func):
        return declined("not all of its sizes are known")
    schedule = schedule_of(func)
    names = [schedule.get(block).name_hint for block in blocks(schedule)]
    if winograd.RESULT not in names:
        return declined(f"it has no block {winograd.RESULT!r}")
    for block in blocks(schedule)[names.index(winograd.RESULT) : -1]:
        schedule.compute_inline(block)
    result = blocks(schedule)[-1]
    chunk, tile = chunked(schedule, result, target)
    transform_result(schedule, tile)
    multiply(schedule, chunk, target)
    transform_image(schedule, chunk)
    for block in blocks(schedule)[:-1]:
        if schedule.get(block).name_hint == BORDER:
            arrange(schedule, block, target)
    return schedule


def chunked(schedule: Schedule, result: SBlockRV, target: Target) -> tuple[LoopRV, LoopRV]:
    """Split the result into chunks of rows of tiles and those into tiles; return both loops."""
    product = schedule.get_sblock(winograd.PRODUCT)
    work = volume(extents(schedule, schedule.get_loops(product)))
    down = int(schedule.get(schedule.get_sblock(winograd.ROWS_IN)).iter_vars[2].dom.extent)
    tiles = int(schedule.get(product).iter_vars[3].dom.extent)
    shapes = [region.source.shape for region in schedule.get(product).reads]
    channels = int(shapes[0][-2]) + int(schedule.get(product).iter_vars[4].dom.extent)
    row_bytes = 4 * winograd.REACH**2 * (tiles // down) * channels * int(shapes[0][-1])
    fitting = [c for c in range(1, down + 1) if down % c == 0]
    across = tiles // down
    held = [
        count
        for count in fitting
        if count * row_bytes <= target.l2_bytes * 3 // 4 or count * across <= FEWEST_PIXELS
    ]
    count = max(held, default=1)
    n, o, h, w, v = schedule.get_loops(result)
    span = int(schedule.get(w).extent)
    ho, hm, hi = schedule.split(h, [None, count, winograd.TILE])
    wo, wi = schedule.split(w, [None, winograd.TILE])
    schedule.reorder(n, ho, o, hm, wo, wi, hi, v)
    schedule.vectorize(v)
    if span % winograd.TILE:
        # Checked one by one, the pixels beyond the edge would cost a round of a loop each.
        schedule.unroll(wi)
    schedule.unroll(hi)
    chunk = fused(schedule, [n, ho])
    # A single chunk is no work for many threads: they share each of its stages instead.
    parallel(schedule, o if is_alone(schedule, chunk) else chunk, work)
    return chunk, wo


def is_alone(schedule: Schedule, chunk: LoopRV) -> bool:
    """Whether the whole image is one chunk."""
    return int(schedule.get(chunk).extent) == 1


def transform_result(schedule: Schedule, tile: LoopRV) -> None:
    """Bring one tile of products back to pixels in registers."""
    block = schedule.get_sblock(winograd.COLUMNS_OUT)
    schedule.set_scope(block, 0, "local")
    schedule.compute_at(block, tile, preserve_unit_loops=True)
    *_, _i, x, v = schedule.get_loops(block)
    schedule.vectorize(v)
    schedule.unroll(x)


def multiply(schedule: Schedule, chunk: LoopRV, target: Target) -> None:
    """Multiply the 36 matrices, tiles of pixels by vectors of channels in registers."""
    block = schedule.get_sblock(winograd.PRODUCT)
    kept = schedule.cache_write(block, 0, "local")
    schedule.compute_at(kept, chunk, preserve_unit_loops=True)
    i, j, n, p, o, v = schedule.get_loops(kept)[-6:]
    pixels, columns = extents(schedule, [p, o])
    tile = best_tile(pixels, columns, target.registers)
    po, pi = schedule.split(p, [None, tile.rows])
    oo, oi = schedule.split(o, [None, tile.columns])
    schedule.reorder(i, j, n, oo, po, pi, oi, v)
    peeled(schedule, po)
    schedule.vectorize(v)
    schedule.unroll(oi)
    schedule.unroll(pi)
    schedule.compute_at(block, po, preserve_unit_loops=True)
    if is_alone(schedule, chunk):
        work = volume(extents(schedule, schedule.get_loops(block)))
        parallel(schedule, fused(schedule, [i, j]), work)
    *_, cp, co, cv, c, u = schedule.get_loops(block)
    schedule.reorder(c, u, cp, co, cv)
    schedule.vectorize(cv)
    schedule.unroll(co)
    schedule.unroll(cp)
    schedule.decompose_reduction(block, c)


def transform_image(schedule: Schedule, chunk: LoopRV) -> None:
    """Transform tiles of the image, their rows first, one block of channels at a time."""
    block = schedule.get_sblock(winograd.COLUMNS_IN)
    rows = schedule.get_sblock(winograd.ROWS_IN)
    across = int(schedule.get(rows).iter_vars[4].dom.extent) // winograd.TILE
    schedule.compute_at(block, chunk, preserve_unit_loops=True)
    i, j, n, p, c, u = schedule.get_loops(block)[-6:]
    t, s = schedule.split(p, [None, across])
    schedule.reorder(n, t, c, s, i, j, u)
    if is_alone(schedule, chunk):
        work = volume(extents(schedule, schedule.get_loops(block)))
        c = fused(schedule, [n, t, c])
        parallel(schedule, c, work)
    schedule.compute_at(rows, c, preserve_unit_loops=True)
    schedule.vectorize(u)
    schedule.unroll(j)
    *_, ri, rx, ru = schedule.get_loops(rows)
    schedule.reorder(rx, ri, ru)
    schedule.vectorize(ru)
    schedule.unroll(ri)
