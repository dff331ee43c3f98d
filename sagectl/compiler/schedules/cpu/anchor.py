"""A fused loop nest seen as a heavy block, what prepares its operands, and its epilogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagectl.compiler.schedules.cpu.loops import (
    SPATIAL,
    blocks,
    extents,
    is_spatial,
    is_static,
    schedule_of,
    volume,
)
from sagectl.compiler.schedules.reasons import declined

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import SBlockRV
    from tvm.tirx import PrimFunc

# Where an accumulator lives: LLVM keeps a buffer of this scope in registers.
REGISTERS = "local"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The heavy block accumulates into a local buffer that ``result`` alone reads."""

    schedule: Schedule
    block: SBlockRV
    prologue: tuple[SBlockRV, ...]
    result: SBlockRV


def anchored(func: PrimFunc, name: str) -> Anchor | None:
    """The anchor of a nest around the block ``name``, its epilogue made one block."""
    from tvm.s_tir import ScheduleError

    if not is_static(func):
        return declined("not all of its sizes are known")
    schedule = schedule_of(func)
    if name not in [schedule.get(block).name_hint for block in blocks(schedule)]:
        return declined(f"it has no block {name!r}")
    try:
        return _anchored(schedule, schedule.get_sblock(name))
    except ScheduleError:
        return declined(f"what surrounds its block {name!r} cannot be inlined")


def _anchored(schedule: Schedule, anchor: SBlockRV) -> Anchor | None:
    name = schedule.get(anchor).name_hint
    names = [schedule.get(block).name_hint for block in blocks(schedule)]
    place = names.index(name)
    feeding = {schedule.get(block).name_hint for block in schedule.get_producers(anchor)}
    prologue = []
    for block in blocks(schedule)[:place]:
        if schedule.get(block).name_hint in feeding:
            prologue.append(block)
        elif is_spatial(schedule.get(block)):
            schedule.compute_inline(block)
        else:
            return declined(f"another reduction comes before its block {name!r}")
    epilogue = blocks(schedule)[blocks_before(schedule, name) + 1 :]
    if not all(is_spatial(schedule.get(block)) for block in epilogue):
        return declined(f"another reduction follows its block {name!r}")
    for block in epilogue[:-1]:
        schedule.compute_inline(block)
    if not epilogue:
        return Anchor(
            schedule, anchor, tuple(prologue), schedule.cache_write(anchor, 0, REGISTERS)
        )
    schedule.set_scope(anchor, 0, REGISTERS)
    return Anchor(schedule, anchor, tuple(prologue), epilogue[-1])


def blocks_before(schedule: Schedule, name: str) -> int:
    """How many blocks stand before the one called ``name``."""
    return [schedule.get(block).name_hint for block in blocks(schedule)].index(name)


def spreads(anchor: Anchor) -> bool:
    """Whether the epilogue repeats what the heavy block makes, as a mean over a whole image.

    Computed where it is used, every sum would be computed again for each of its uses.
    """
    schedule = anchor.schedule
    nest = schedule.get(anchor.block)
    made = [int(var.dom.extent) for var in nest.iter_vars if int(var.iter_type) == SPATIAL]
    used = extents(schedule, schedule.get_loops(anchor.result))
    return volume(used) > volume(made)
