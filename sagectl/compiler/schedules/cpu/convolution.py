"""Direct convolution over blocked images, its accumulators in registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests.convolution import DIRECT
from sagectl.compiler.schedules.cpu.anchor import Anchor, anchored
from sagectl.compiler.schedules.cpu.fallback import arrange
from sagectl.compiler.schedules.cpu.loops import extents, fused, lanes, parallel, peeled, volume
from sagectl.compiler.schedules.cpu.tiles import Tile, best_tile
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Tile the width by blocks of output channels; all else runs outside the tile.

    Of an image one pixel wide the height is tiled.
    """
    anchor = anchored(func, DIRECT)
    if anchor is None:
        return None
    if len(anchor.schedule.get_loops(anchor.result)) != 5:
        return declined("its result is no blocked image")
    schedule = anchor.schedule
    *_, blocks, height, span, width = extents(schedule, schedule.get_loops(anchor.result))
    if width != lanes(target):
        return declined(f"its blocks have {width} channels, a vector has {lanes(target)}")
    tile = best_tile(height if is_column(anchor) else span, blocks, target.registers)
    spans, kernel = reduction(anchor)
    panel = spans * kernel * 4 * width * tile.columns
    if panel > target.l2_bytes // 5 and spans > width:
        by_input_blocks(anchor, tile, target)
    else:
        by_rows(anchor, tile, target)
    for block in anchor.prologue:
        arrange(schedule, block, target)
    return schedule


def is_column(anchor: Anchor) -> bool:
    """Whether the result is one pixel wide, so that a tile goes along its height."""
    loops = anchor.schedule.get_loops(anchor.result)
    _, _, height, span, _ = extents(anchor.schedule, loops)
    return span == 1 < height


def reduction(anchor: Anchor) -> tuple[int, int]:
    """How many input channels and kernel places are summed."""
    loops = anchor.schedule.get_loops(anchor.block)[-4:]
    blocks, height, span, inner = extents(anchor.schedule, loops)
    return blocks * inner, height * span


def weight_extents(anchor: Anchor) -> list[int]:
    """The shape of the packed weights, which alone have six axes."""
    reads = [region.source.shape for region in anchor.schedule.get(anchor.block).reads]
    return [int(extent) for extents_ in reads if len(extents_) == 6 for extent in extents_]


def by_rows(anchor: Anchor, tile: Tile, target: Target) -> None:
    """Finish one tile after another: the panel of weights stays in the second-level cache."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    upright = is_column(anchor)
    n, o, h, w, v = schedule.get_loops(result)
    h, w = (w, h) if upright else (h, w)
    work = volume(extents(schedule, schedule.get_loops(block)))
    outer, oi = schedule.split(o, [None, tile.columns])
    wo, wi = schedule.split(w, [None, tile.rows])
    schedule.reorder(n, outer, h, wo, oi, wi, v)
    if rows_first(anchor, int(schedule.get(h).extent), int(schedule.get(outer).extent), target):
        schedule.reorder(n, h, outer, wo)
        spread = fused(schedule, [n, h])
    else:
        spread = fused(schedule, [n, outer, h])
    parallel(schedule, spread, work)
    peeled(schedule, wo)
    schedule.compute_at(block, wo, preserve_unit_loops=True)
    schedule.vectorize(v)
    schedule.unroll(wi)
    schedule.unroll(oi)
    i, y, x, u = schedule.get_loops(block)[-4:]
    co, ch, cw, cv = schedule.get_loops(block)[-8:-4]
    cw = ch if upright else cw
    schedule.reorder(i, y, x, u, cw, co, cv)
    schedule.vectorize(cv)
    schedule.unroll(co)
    schedule.unroll(cw)
    schedule.decompose_reduction(block, i)


def rows_first(anchor: Anchor, rows: int, panels: int, target: Target) -> bool:
    """Whether a row of the image, read once, serves every panel of weights in turn.

    It does where all weights stay close. Where neither they nor the image do, the one is read
    for each of the other's parts, and the order that reads less serves.
    """
    weights = 4 * volume(weight_extents(anchor))
    if weights <= target.l2_bytes // 8 and rows >= 28:
        return True
    image = image_bytes(anchor)
    return image > target.l2_bytes and rows * weights < panels * image


def image_bytes(anchor: Anchor) -> int:
    """How much memory one image of the batch takes."""
    reads = [region.source.shape for region in anchor.schedule.get(anchor.block).reads]
    sizes = [[int(extent) for extent in shape] for shape in reads if len(shape) in (4, 5)]
    return 4 * max(volume(size[1:]) for size in sizes)


def by_input_blocks(anchor: Anchor, tile: Tile, target: Target) -> None:
    """Sum over a few input blocks for the whole image at a time: their weights stay close."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    upright = is_column(anchor)
    work = volume(extents(schedule, schedule.get_loops(block)))
    n, o, h, w, v = schedule.get_loops(result)
    outer, oi = schedule.split(o, [None, tile.columns])
    schedule.reorder(n, outer, oi, h, w, v)
    spread = fused(schedule, [n, outer])
    parallel(schedule, spread, work)
    schedule.vectorize(v)
    schedule.compute_at(block, spread, preserve_unit_loops=True)
    i, y, x, u = schedule.get_loops(block)[-4:]
    co, ch, cw, cv = schedule.get_loops(block)[-8:-4]
    ch, cw = (cw, ch) if upright else (ch, cw)
    blocks, height, span, inner = extents(schedule, [i, y, x, u])
    each = height * span * inner * tile.columns * 4 * lanes(target)
    fitting = [count for count in range(1, blocks + 1) if blocks % count == 0]
    near = max((c for c in fitting if c * each <= target.l1_bytes * 3 // 4), default=1)
    io, ii = schedule.split(i, [None, near])
    cwo, cwi = schedule.split(cw, [None, tile.rows])
    peeled(schedule, cwo)
    schedule.reorder(io, ch, cwo, ii, y, x, u, cwi, co, cv)
    schedule.vectorize(cv)
    schedule.unroll(co)
    schedule.unroll(cwi)
    schedule.decompose_reduction(block, io)
