"""Windows over each channel by itself: depthwise convolution and pooling of blocked images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests.convolution import DEPTHWISE
from sagectl.compiler.passes.nests.pooling import MAXIMUM, SUM
from sagectl.compiler.schedules.cpu.anchor import Anchor, anchored, spreads
from sagectl.compiler.schedules.cpu.loops import (
    extents,
    fused,
    lanes,
    parallel,
    peeled,
    volume,
)
from sagectl.compiler.schedules.cpu.tiles import best_tile
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

# A window of more places than this is walked by a loop: unrolled, it would fill the code cache.
UNROLLED_PLACES = 9


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Slide the window along a row, a tile of sums in registers."""
    for name in (DEPTHWISE, MAXIMUM, SUM):
        anchor = anchored(func, name)
        if anchor is None:
            continue
        loops = anchor.schedule.get_loops(anchor.result)
        if spreads(anchor):
            return declined("its result is larger than what it sums: sums would be repeated")
        if len(loops) == 5 and extents(anchor.schedule, loops[-1:]) == [lanes(target)]:
            slide(anchor, target)
            return anchor.schedule
        return declined(f"its blocks are not of {lanes(target)} channels, as a vector")
    return None


def slide(anchor: Anchor, target: Target) -> None:
    """Take a strip of rows of one block of channels at a time, with the border it needs."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    work = volume(extents(schedule, schedule.get_loops(block)))
    n, c, h, w, v = schedule.get_loops(result)
    rows, span = extents(schedule, [h, w])
    *_, y, x = schedule.get_loops(block)
    kernel = extents(schedule, [y, x])
    row_bytes = 4 * lanes(target) * int(schedule.get(block).reads[0].source.shape[3])
    strip = max(1, min(rows, target.l1_bytes // 2 // row_bytes))
    strip = -(-rows // -(-rows // strip))
    ho, _ = schedule.split(h, [None, strip])
    wo, wi = schedule.split(w, [None, best_tile(span, 1, target.registers // 2).rows])
    spread = fused(schedule, [n, c, ho])
    parallel(schedule, spread, work)
    peeled(schedule, wo)
    schedule.compute_at(block, wo, preserve_unit_loops=True)
    schedule.vectorize(v)
    schedule.unroll(wi)
    for border in anchor.prologue:
        schedule.compute_at(border, spread, preserve_unit_loops=True)
        schedule.vectorize(schedule.get_loops(border)[-1])
    *_, cw, cv, y, x = schedule.get_loops(block)
    schedule.reorder(y, x, cw, cv)
    schedule.vectorize(cv)
    schedule.unroll(cw)
    if volume(kernel) <= UNROLLED_PLACES:
        schedule.unroll(x)
        schedule.unroll(y)
    schedule.decompose_reduction(block, y)
