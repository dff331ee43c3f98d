"""Convolution of bytes, four products to an instruction, sums in registers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sagectl.compiler.dots import DOTS, Dot, dot
from sagectl.compiler.passes.nests.integer import INTEGER, QUAD
from sagectl.compiler.schedules.cpu.anchor import Anchor, anchored
from sagectl.compiler.schedules.cpu.fallback import arrange
from sagectl.compiler.schedules.cpu.loops import extents, fused, parallel, volume
from sagectl.compiler.schedules.cpu.tiles import whole_tile

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target


def apply(func: PrimFunc, target: Target) -> Schedule | None:
    """Tile the width by blocks of outputs, as convolutions of reals are."""
    anchor = anchored(func, INTEGER)
    instruction = dot(target)
    if anchor is None or instruction is None:
        return None
    schedule = anchor.schedule
    loops = schedule.get_loops(anchor.result)
    if len(loops) != 5 or extents(schedule, loops[-1:]) != [instruction.lanes]:
        return None
    tile_convolution(anchor, instruction, target)
    for block in anchor.prologue:
        arrange(schedule, block, target)
    return schedule


def tile_convolution(anchor: Anchor, instruction: Dot, target: Target) -> None:
    """One tile of accumulators after another, over rows shared among the threads."""
    schedule, block, result = anchor.schedule, anchor.block, anchor.result
    work = volume(extents(schedule, schedule.get_loops(block))) // QUAD
    n, o, h, w, v = schedule.get_loops(result)
    blocks, _, span = extents(schedule, [o, h, w])
    tile = whole_tile(span, blocks, target.registers)
    outer, oi = schedule.split(o, [None, tile.columns])
    wo, wi = schedule.split(w, [None, tile.rows])
    schedule.reorder(n, outer, h, wo, oi, wi, v)
    parallel(schedule, fused(schedule, [n, outer, h]), work)
    schedule.compute_at(block, wo, preserve_unit_loops=True)
    schedule.vectorize(v)
    schedule.unroll(wi)
    schedule.unroll(oi)
    *_, co, _ch, cw, cv, i, y, x, u = schedule.get_loops(block)
    quads = instruction.lanes // QUAD
    if int(schedule.get(i).extent) % quads:
        quads = 1
    # The quads of a block lie side by side: their addresses differ by constants.
    i, near = schedule.split(i, [None, quads])
    schedule.reorder(i, y, x, near, cw, co, cv, u)
    # Places of the kernel would lie as near, but neighbours read the same pixels: LLVM would
    # keep those it has read, in more registers than there are.
    for loop in (near, cw, co):
        schedule.unroll(loop)
    start = schedule.decompose_reduction(block, i)
    schedule.vectorize(schedule.get_loops(start)[-1])
    schedule.tensorize(cv, registered()[instruction])


@cache
def registered() -> dict[Dot, str]:
    """Tell TVM of every instruction, once; return the names that it knows them by."""
    from tvm.s_tir import TensorIntrin

    names = {}
    for row in DOTS:
        names[row] = f"sagectl.{row.feature}"
        TensorIntrin.register(names[row], *_functions(row), override=True)
    return names


def _functions(row: Dot) -> tuple[Any, Any]:
    """What an instruction computes and how it is called."""
    from tvm.script import from_source
    from tvm.script import tirx as T  # noqa: N812 - the name in all of TVM

    names = {
        "T": T,
        "LANES": row.lanes,
        "BYTES": row.lanes * QUAD,
        "IMAGE": row.image,
        "QUAD_TYPE": f"{row.image}x{QUAD}",
        "SUMS": f"int32x{row.lanes}",
        "WEIGHTS": f"int8x{row.lanes * QUAD}",
        "SPREAD": f"{row.image}x{row.lanes * QUAD}",
        "INTRINSIC": row.intrinsic,
    }
    return tuple(from_source(text, names) for text in (MEANING, CALL))


HEAD = """
@T.prim_func(s_tir=True)
def dot(
    A: T.Buffer((4,), IMAGE, offset_factor=1),
    B: T.Buffer((LANES, 4), "int8", offset_factor=1),
    C: T.Buffer((LANES,), "int32", offset_factor=1, scope="local"),
) -> None:
    with T.sblock("root"):
        T.reads(C[0:LANES], A[0:4], B[0:LANES, 0:4])
        T.writes(C[0:LANES])
"""
MEANING = f"""{HEAD}
        for i in T.serial(0, LANES):
            for k in T.serial(0, 4):
                with T.sblock("update"):
                    vi, vk = T.axis.remap("SR", [i, k])
                    C[vi] = C[vi] + T.cast(A[vk], "int32") * T.cast(B[vi, vk], "int32")
"""
CALL = f"""{HEAD}
        four = T.reinterpret(A.vload([0], QUAD_TYPE), dtype="int32")
        C[T.ramp(T.int32(0), 1, LANES)] = T.call_llvm_pure_intrin(
            T.llvm_lookup_intrinsic_id(INTRINSIC),
            C.vload([0], dtype=SUMS),
            T.reinterpret(T.broadcast(four, LANES), dtype=SPREAD),
            B.vload([0, 0], dtype=WEIGHTS),
            dtype=SUMS,
        )
"""
