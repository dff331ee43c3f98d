"""What CPU rules ask about a loop nest before they arrange it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tvm.s_tir import Schedule
    from tvm.s_tir.schedule import LoopRV, SBlockRV
    from tvm.tirx import PrimFunc, SBlock

    from sagectl.compiler.targets import Target

SPATIAL, REDUCTION = 0, 2

# Scalar operations below which waking the other threads costs more than it saves (about 5 us).
PARALLEL_GRAIN = 16_384


def schedule_of(func: PrimFunc) -> Schedule:
    """A fresh schedule; failing primitives raise without rendering the function."""
    from tvm.s_tir import Schedule

    return Schedule(func, error_render_level="none", debug_mask="none")


def lanes(target: Target, dtype: str = "float32") -> int:
    """How many values of ``dtype`` fill a vector register of the target."""
    from tvm.runtime import DataType

    bits: int = DataType(dtype).bits
    return max(1, target.vector_bytes * 8 // max(8, bits))


def is_static(func: PrimFunc) -> bool:
    """Whether every shape is known, as all rules but the last require."""
    from tvm.tirx import IntImm
    from tvm.tirx.buffer import BufferType

    buffers = [param for param in func.params if isinstance(param.ty, BufferType)]
    return len(buffers) == len(func.params) and all(
        isinstance(extent, IntImm) for buffer in buffers for extent in buffer.shape
    )


def blocks(schedule: Schedule) -> list[SBlockRV]:
    """The blocks under the root in program order."""
    return list(schedule.get_child_blocks(schedule.get_sblock("root")))


def kinds(block: SBlock) -> list[int]:
    """The kind of each iterator of a block: SPATIAL, REDUCTION or other."""
    return [int(var.iter_type) for var in block.iter_vars]


def is_spatial(block: SBlock) -> bool:
    """Whether every iteration of the block writes an element of its own."""
    return all(kind == SPATIAL for kind in kinds(block)) and block.init is None


def extents(schedule: Schedule, loops: Sequence[LoopRV]) -> list[int]:
    """The extents of loops that are all constant."""
    return [int(schedule.get(loop).extent) for loop in loops]


def fused(schedule: Schedule, loops: Sequence[LoopRV]) -> LoopRV:
    """Fuse loops into one; a single loop is itself."""
    return schedule.fuse(*loops) if len(loops) > 1 else loops[0]


def parallel(schedule: Schedule, loop: LoopRV, work: int) -> None:
    """Spread a loop over the threads when ``work`` scalar operations are worth it."""
    if work >= PARALLEL_GRAIN and int(schedule.get(loop).extent) > 1:
        schedule.parallel(loop)


def is_wide(schedule: Schedule, loop: LoopRV) -> bool:
    """Whether a loop counts in 64 bits: beside integer tensors, whose indices stay as wide."""
    return str(schedule.get(loop).loop_var.ty.dtype) == "int64"


def peeled(schedule: Schedule, loop: LoopRV) -> None:
    """Give the last, shorter round of a loop code of its own, so the others run unchecked.

    TVM's partition mixes widths where a loop counts in 64 bits: such a loop is left whole.
    """
    if not is_wide(schedule, loop):
        schedule.annotate(loop, "pragma_loop_partition_hint", True)


def accesses(block: SBlock) -> list[tuple[list[int], list[Any]]]:
    """Shape and first index of every buffer that the block reads or writes."""
    found = []
    for region in [*block.reads, *block.writes]:
        shape = [int(extent) for extent in region.source.shape]
        found.append((shape, [axis.min for axis in region.region]))
    return found


def contiguous_suffix(block: SBlock) -> int:
    """How many trailing iterators every access walks in memory order or not at all."""
    variables = [iterator.var for iterator in block.iter_vars]
    sizes = [int(iterator.dom.extent) for iterator in block.iter_vars]
    for count in range(len(variables), 0, -1):
        tail, tail_sizes = variables[-count:], sizes[-count:]
        if all(_walks(shape, index, tail, tail_sizes) for shape, index in accesses(block)):
            return count
    return 0


def _walks(shape: list[int], index: list[Any], tail: list[Any], sizes: list[int]) -> bool:
    used = [depends_on(position, tail) for position in index]
    if not any(used):
        return True
    count = len(tail)
    return (
        len(index) >= count
        and not any(used[:-count])
        and _is_shifted(index[-count], tail[0])
        and all(a.same_as(b) for a, b in zip(index[-count:][1:], tail[1:], strict=True))
        # The first of them may cover a part of its dimension; the rest must cover theirs.
        and shape[-count:][1:] == sizes[1:]
    )


def _is_shifted(position: Any, variable: Any) -> bool:
    """Whether an index is a variable or a constant number of steps from it."""
    from tvm.tirx import Add, IntImm, Sub

    if isinstance(position, Add | Sub) and isinstance(position.b, IntImm):
        position = position.a
    return bool(position.same_as(variable))


def depends_on(expression: Any, variables: Sequence[Any]) -> bool:
    """Whether an index expression mentions one of the variables."""
    from tvm.tirx.analysis import undefined_vars

    names = undefined_vars(expression, [])
    return any(name.same_as(variable) for name in names for variable in variables)


def volume(sizes: Sequence[int]) -> int:
    """The number of iterations of a nest."""
    return prod(sizes)
