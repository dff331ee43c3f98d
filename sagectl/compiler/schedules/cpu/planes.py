"""Windows over plain images: depthwise and grouped convolutions and pools that stand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.schedules.cpu import columns
from sagectl.compiler.schedules.cpu.anchor import Anchor, anchored
from sagectl.compiler.schedules.cpu.loops import (
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
from sagectl.compiler.schedules.cpu.window import UNROLLED_PLACES
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV, SBlockRV
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

# An image's batch, channels, height and width.
AXES = 4
# A strip's image, its copy with the border and its result share the cache with what comes next.
SHARE = 8


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Walk a plane along its rows, vectors of neighbouring results in registers."""
    if not is_static(func):
        return declined("not all of its sizes are known")
    plain = schedule_of(func)
    heavy = [nest for block in blocks(plain) if not is_spatial(nest := plain.get(block))]
    if len(heavy) != 1 or not _is_window(heavy[0], target):
        return declined("it is no single reduction along the rows of plain images")
    anchor = anchored(func, heavy[0].name_hint)
    if anchor is None or len(anchor.schedule.get_loops(anchor.result)) != AXES:
        return None
    _slide(anchor, target)
    return anchor.schedule


def _is_window(nest: Any, target: Target) -> bool:
    """Whether a reduction is over windows of images of reals, of one channel or of several."""
    order = kinds(nest)
    count = len(order) - AXES
    if count not in (2, 3) or nest.writes[0].source.dtype != "float32":
        return False
    if any(order[:AXES]) or not all(order[AXES:]):
        return False
    return columns.serves(nest, target)


def _slide(anchor: Anchor, target: Target) -> None:
    """Take a strip of rows of one plane at a time, with the border it needs."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    work = volume(extents(schedule, schedule.get_loops(block)))
    *reduced, kernel_rows, kernel_columns = schedule.get_loops(block)[AXES:]
    kernel = extents(schedule, [*reduced, kernel_rows, kernel_columns])
    n, c, h, w = schedule.get_loops(result)
    rows, span = extents(schedule, [h, w])
    taken = max(1, min(rows, target.l1_bytes // SHARE // (4 * span)))
    taken = -(-rows // -(-rows // taken))
    ho, _ = schedule.split(h, [None, taken])
    vectors, width = columns.strip(span, lanes(target))
    strips, inside, lane = schedule.split(w, [None, vectors, width])
    spread = fused(schedule, [n, c, ho])
    parallel(schedule, spread, work)
    peeled(schedule, strips)
    schedule.compute_at(block, strips, preserve_unit_loops=True)
    schedule.vectorize(lane)
    schedule.unroll(inside)
    *_, wide = schedule.get_loops(block)[: -len(kernel)]
    places = schedule.get_loops(block)[-len(kernel) :]
    vector, lane = schedule.split(wide, [None, width])
    schedule.reorder(*places, vector, lane)
    schedule.vectorize(lane)
    schedule.unroll(vector)
    if volume(kernel[-2:]) <= UNROLLED_PLACES:
        schedule.unroll(places[-1])
        schedule.unroll(places[-2])
    schedule.decompose_reduction(block, places[0])
    for border in anchor.prologue:
        _bordered(schedule, border, spread if volume(kernel[:-2]) == 1 else None)


def _bordered(schedule: Schedule, border: SBlockRV, where: LoopRV | None) -> None:
    """Surround the strip's image; what needs no border is read where it lies."""
    if not schedule.can_decompose_padding(border, schedule.get_loops(border)[0]):
        schedule.compute_inline(border)
        return
    if where is not None:
        schedule.compute_at(border, where, preserve_unit_loops=True)
    for loop in schedule.get_loops(border)[-2:]:
        peeled(schedule, loop)
