"""Copies that read across memory: a vector at a time, in tiles that use cache lines up.

Layouts changed and transposed, slices with a step, whatever writes rows of what lies apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.schedules.cpu.loops import (
    accesses,
    depends_on,
    fused,
    lanes,
    parallel,
)

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import SBlockRV
    from tvm.tirx import SBlock

    from sagectl.compiler.targets import Target

# The fewest lanes worth gathering into.
FEWEST = 4
LINE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Gather:
    """How many results to gather at a time, and which other axis goes along a cache line.

    ``step`` of that axis are taken for each vector: they lie next to what it has just read.
    """

    lanes: int
    axis: int | None = None
    step: int = 1


def gather(nest: SBlock, target: Target) -> Gather | None:
    """How to gather the results of a nest; None for one that reads in another way."""
    dtype = nest.writes[0].source.dtype
    *_, last = nest.iter_vars
    strides = [_stride(shape, index, last.var) for shape, index in accesses(nest)]
    if strides[-1] != 1 or None in strides or set(strides) <= {0, 1}:
        return None
    count = part(int(last.dom.extent), lanes(target, dtype))
    if count < FEWEST:
        return None
    line = LINE_BYTES // _bytes(dtype)
    for axis, each in enumerate(nest.iter_vars[:-1]):
        step = _run(nest, each.var, int(each.dom.extent), line)
        if step >= FEWEST:
            return Gather(count, axis, step)
    return Gather(count)


def arrange(schedule: Schedule, block: SBlockRV, found: Gather, work: int) -> None:
    """Gather along the last axis; another may go along the lines that were read."""
    *outer, last = schedule.get_loops(block)
    rounds, lane = schedule.split(last, [None, found.lanes])
    schedule.vectorize(lane)
    if found.axis is not None:
        chunks, along = schedule.split(outer[found.axis], [None, found.step])
        outer[found.axis] = chunks
        schedule.reorder(*outer, rounds, along, lane)
    parallel(schedule, fused(schedule, outer[:2]), work)


def _run(nest: SBlock, variable: Any, extent: int, line: int) -> int:
    """How many steps of an axis go along one cache line of what is gathered."""
    from tvm.tirx import FloorMod, IntImm

    found = 1
    for shape, index in accesses(nest)[:-1]:
        if not index or not depends_on(index[-1], [variable]):
            continue
        inner = index[-1]
        if isinstance(inner, FloorMod) and isinstance(inner.b, IntImm):
            is_turn = inner.a.same_as(variable) and extent % int(inner.b) == 0
            found = max(found, int(inner.b) if is_turn else 1)
        elif _stride(shape, index, variable) == 1:
            found = max(found, part(extent, line))
    return found if found <= line else 1


def part(extent: int, most: int) -> int:
    """The largest divisor of an extent that is no more than ``most``."""
    return max(part for part in range(1, most + 1) if extent % part == 0)


def _stride(shape: list[int], index: list[Any], variable: Any) -> int | None:
    """How far an access moves from one step of a variable to the next; None if not evenly."""
    from tvm.sym import detect_linear_equation
    from tvm.tirx import IntImm

    apart, width = 0, 1
    for size, position in zip(reversed(shape), reversed(index), strict=True):
        if depends_on(position, [variable]):
            found = list(detect_linear_equation(position, [variable]))
            if not found or not isinstance(found[0], IntImm):
                return None
            apart += int(found[0]) * width
        width *= size
    return apart


def _bytes(dtype: str) -> int:
    from tvm.runtime import DataType

    bits: int = DataType(dtype).bits
    return max(1, bits // 8)
