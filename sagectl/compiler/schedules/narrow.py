"""Indices of 32 bits: those of 64 defeat the partition of loops that have a remainder."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tvm.tirx import PrimFunc

# The pass narrows integer tensors too, which must keep what they hold.
WIDE = frozenset({"int64", "uint64"})


def narrowed(func: PrimFunc) -> PrimFunc:
    """The function with 32-bit indices; as it is where they might not suffice."""
    from tvm import IRModule
    from tvm.tirx import IntImm
    from tvm.tirx.buffer import BufferType
    from tvm.tirx.transform import ForceNarrowIndexToInt32

    for param in func.params:
        if not isinstance(param.ty, BufferType) or str(param.dtype) in WIDE:
            return func
        if not all(isinstance(extent, IntImm) for extent in param.shape):
            return func
        if prod(int(extent) for extent in param.shape) >= 2**31:
            return func
    return ForceNarrowIndexToInt32()(IRModule({"main": func}))["main"]
