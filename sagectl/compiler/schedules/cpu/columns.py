"""Reductions over axes other than the last: vectors of results side by side in registers.

This serves what no rule of its own serves: means over the middle of a shape, softmax over
channels, local response normalisation, convolutions of unusual rank.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any

from sagectl.compiler.schedules.cpu.loops import (
    REDUCTION,
    SPATIAL,
    accesses,
    depends_on,
    extents,
    fused,
    kinds,
    lanes,
    parallel,
    peeled,
    volume,
)

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import SBlockRV
    from tvm.tirx import SBlock

    from sagectl.compiler.targets import Target

# Vectors of sums that hide the latency of adding to one.
VECTORS = 4
# Lanes of the shortest vector worth taking.
NARROWEST = 4


def serves(nest: SBlock, target: Target) -> bool:
    """Whether neighbours in the last axis of a result are made of neighbours, or of one.

    Every operand must be walked one by one along that axis, or not at all: what is strided
    would be gathered lane by lane.
    """
    if len(nest.writes) != 1 or set(kinds(nest)) != {SPATIAL, REDUCTION} or nest.init is None:
        return False
    *_, last = (var for var, kind in zip(nest.iter_vars, kinds(nest), strict=True) if not kind)
    if int(last.dom.extent) < lanes(target, nest.writes[0].source.dtype):
        return False
    return all(_walks(index, last.var) for _, index in accesses(nest))


def _walks(index: list[Any], lane: Any) -> bool:
    from tvm import tirx
    from tvm.sym import detect_linear_equation

    if not index:
        return True
    *outer, inner = index
    if any(depends_on(position, [lane]) for position in outer):
        return False
    if not depends_on(inner, [lane]):
        return True
    step = list(detect_linear_equation(inner, [lane]))[:1]
    return all(isinstance(each, tirx.IntImm) and int(each) == 1 for each in step) and bool(step)


def strip(length: int, width: int) -> tuple[int, int]:
    """How many vectors to take at a time, and of how many lanes, along rows of ``length``.

    A vector across the end of a row would be computed lane by lane, so narrower ones are taken
    where they divide the row.
    """
    lanes = gcd(length, width)
    if lanes < min(width, NARROWEST):
        return max(c for c in range(1, VECTORS + 1) if length >= c * width), width
    whole = length // lanes
    return max(c for c in range(1, 2 * VECTORS + 1) if whole % c == 0), lanes


def arrange(schedule: Schedule, block: SBlockRV, target: Target) -> None:
    """Sum a few vectors of results at a time, whatever is reduced outside of them."""
    nest = schedule.get(block)
    width = lanes(target, nest.writes[0].source.dtype)
    count = kinds(nest).count(REDUCTION)
    work = volume(extents(schedule, schedule.get_loops(block)))
    kept = schedule.cache_write(block, 0, "local")
    *outer, last = schedule.get_loops(kept)
    vectors, width = strip(int(schedule.get(last).extent), width)
    strips, inside, lane = schedule.split(last, [None, vectors, width])
    peeled(schedule, strips)
    schedule.compute_at(block, strips, preserve_unit_loops=True)
    schedule.vectorize(lane)
    schedule.unroll(inside)
    if outer:
        parallel(schedule, fused(schedule, outer[:2]), work)
    *_, wide = schedule.get_loops(block)[:-count]
    reduced = schedule.get_loops(block)[-count:]
    vector, lane = schedule.split(wide, [None, width])
    schedule.reorder(*reduced, vector, lane)
    schedule.vectorize(lane)
    schedule.unroll(vector)
    schedule.decompose_reduction(block, reduced[0])
