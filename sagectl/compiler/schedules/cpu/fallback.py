"""The rule of last resort: right for every loop nest, quick for most simple ones."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from sagectl.compiler.passes.nests.blocked import BORDER
from sagectl.compiler.schedules.cpu import columns, gathers
from sagectl.compiler.schedules.cpu.loops import (
    REDUCTION,
    SPATIAL,
    accesses,
    blocks,
    contiguous_suffix,
    extents,
    fused,
    is_spatial,
    is_static,
    is_wide,
    kinds,
    lanes,
    parallel,
    peeled,
    schedule_of,
    volume,
)

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV, SBlockRV
    from tvm.tirx import PrimFunc, SBlock

    from sagectl.compiler.targets import Target

# Rounds that keep any number of threads busy.
ENOUGH = 32
# The vectors of processors that store one's lanes to several places in one instruction.
SCATTERED_BYTES = 64


def apply(func: PrimFunc, target: Target) -> Schedule:
    """Inline elementwise producers, then vectorise and spread each block over the threads.

    A block that resists stays as it was: sequential, in program order, and right.
    """
    from tvm.s_tir import ScheduleError

    schedule = schedule_of(func)
    if not is_static(func):
        return schedule
    inline_producers(schedule)
    for block in blocks(schedule):
        attempt = schedule.copy()
        try:
            arrange(attempt, block, target)
        except ScheduleError:
            continue
        schedule = attempt
    return schedule


def inline_producers(schedule: Schedule) -> None:
    """Compute elementwise blocks inside their only consumer."""
    from tvm.s_tir import ScheduleError

    for block in blocks(schedule):
        consumers = schedule.get_consumers(block)
        if len(consumers) != 1 or not is_spatial(schedule.get(block)):
            continue
        if not is_spatial(schedule.get(consumers[0])):
            continue
        try:
            schedule.compute_inline(block)
        except ScheduleError:
            continue


def arrange(schedule: Schedule, block: SBlockRV, target: Target) -> None:
    """Arrange the loops of one block that owns its nest."""
    nest = schedule.get(block)
    loops = schedule.get_loops(block)
    if len(loops) != len(nest.iter_vars) or not loops:
        return
    if nest.name_hint.startswith(BORDER):
        arrange_border(schedule, block, target)
    elif is_spatial(nest):
        arrange_spatial(schedule, block, target)
    elif columns.serves(nest, target):
        columns.arrange(schedule, block, target)
    elif set(kinds(nest)) <= {SPATIAL, REDUCTION}:
        arrange_reduction(schedule, block)


def arrange_border(schedule: Schedule, block: SBlockRV, target: Target) -> None:
    """Fill, then copy the inside: neither asks at every element where it is."""
    loops = schedule.get_loops(block)
    if schedule.can_decompose_padding(block, loops[0]):
        arrange_spatial(schedule, schedule.decompose_padding(block, loops[0]), target)
    arrange_spatial(schedule, block, target)


def arrange_spatial(schedule: Schedule, block: SBlockRV, target: Target) -> None:
    """Fuse what is contiguous, vectorise it where it divides, spread the rest."""
    nest = schedule.get(block)
    loops = schedule.get_loops(block)
    width = lanes(target, nest.writes[0].source.dtype)
    work = volume(extents(schedule, loops))
    tail = contiguous_suffix(nest)
    outer, inner = loops[: len(loops) - tail], loops[len(loops) - tail :]
    if inner:
        run = vectorised_run(schedule, inner, width)
        # Fused with what is around it, every vector of a run would divide to find its place.
        outer = outer if volume(extents(schedule, outer)) >= ENOUGH else [*outer, *run]
    elif len(outer) > 1:
        if found := gathers.gather(nest, target):
            gathers.arrange(schedule, block, found, work)
        else:
            scattered(schedule, nest, outer, target)
        return
    if outer:
        parallel(schedule, fused(schedule, outer), work)


def scattered(schedule: Schedule, nest: SBlock, loops: list[LoopRV], target: Target) -> None:
    """Spread the outer loops; leave the inner ones to index arithmetic done once a round.

    What is dealt out in turns, or asks which operand it is of, gets a loop for each turn.
    """
    work = volume(extents(schedule, loops))
    width = lanes(target, nest.writes[0].source.dtype)
    last = int(schedule.get(loops[-1]).extent)
    turns = cycle(nest, width)
    if turns > 1 and last > turns and last % turns == 0:
        deal(schedule, loops[-1], turns, target)
    elif 1 < last <= width:
        schedule.unroll(loops[-1])
    else:
        peeled(schedule, loops[-1])
    parallel(schedule, fused(schedule, loops[:-1][:2]), work)


def deal(schedule: Schedule, last: LoopRV, turns: int, target: Target) -> None:
    """Take the turns along an axis apart, each a vector that is scattered where that exists."""
    rounds, each = schedule.split(last, [None, turns])
    schedule.unroll(each)
    count = gathers.part(int(schedule.get(rounds).extent), 2 * lanes(target))
    if target.vector_bytes < SCATTERED_BYTES or count < gathers.FEWEST:
        return
    vectors, lane = schedule.split(rounds, [None, count])
    schedule.reorder(vectors, each, lane)
    schedule.vectorize(lane)


def cycle(nest: SBlock, most: int) -> int:
    """After how many steps along the last axis an element is read next to an earlier one."""
    from tvm.tirx import Div, FloorDiv, FloorMod, IntImm

    last, found = nest.iter_vars[-1].var, 1
    waiting = [position for _, index in accesses(nest) for position in index]
    while waiting:
        node = waiting.pop()
        if not hasattr(node, "a") or not hasattr(node, "b"):
            continue
        if isinstance(node, FloorMod | FloorDiv | Div) and isinstance(node.b, IntImm):
            is_turn = node.a.same_as(last) and int(node.b) <= most
            found = max(found, int(node.b)) if is_turn else found
        waiting += [node.a, node.b]
    return found


def vectorised_run(schedule: Schedule, loops: list[LoopRV], width: int) -> list[LoopRV]:
    """Vectorise loops over memory in order; return those that may be spread over threads.

    Vectors that crossed the end of a row would be gathered lane by lane: where rows are no
    multiple of half a vector at least, the fused loop is left for LLVM to vectorise. So is
    what cannot be peeled.
    """
    row = int(schedule.get(loops[-1]).extent)
    is_even = row % width == 0
    if len(loops) == 1 and row > width and (is_even or not is_wide(schedule, loops[0])):
        outer, inner = schedule.split(loops[0], [None, width])
        schedule.vectorize(inner)
        peeled(schedule, outer)
        return [outer] if is_even else []
    run = fused(schedule, loops)
    step = gcd(row, width)
    if step == int(schedule.get(run).extent):
        schedule.vectorize(run)
        return []
    if step * 2 < width:
        return [run]
    outer, inner = schedule.split(run, [None, step])
    schedule.vectorize(inner)
    return [outer]


def arrange_reduction(schedule: Schedule, block: SBlockRV) -> None:
    """Spread the output over the threads; accumulate each element in order."""
    nest = schedule.get(block)
    loops = schedule.get_loops(block)
    spatial = [loop for loop, kind in zip(loops, kinds(nest), strict=True) if kind == SPATIAL]
    reduced = [loop for loop, kind in zip(loops, kinds(nest), strict=True) if kind != SPATIAL]
    work = volume(extents(schedule, loops))
    schedule.reorder(*spatial, *reduced)
    if spatial:
        # Fused further, every element would divide to find its place.
        parallel(schedule, fused(schedule, spatial[:2]), work)
