"""Instructions that add up products of four bytes at a time, by what processors call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.targets import Target


@dataclass(frozen=True, slots=True)
class Dot:
    """An instruction on ``lanes`` sums: signed weights times bytes of type ``image``."""

    feature: str
    lanes: int
    image: str
    intrinsic: str


# Intel, "Intrinsics Guide", VPDPBUSD; Arm, "A64 instruction set", SDOT (vector).
DOTS = (
    Dot("avx512vnni", 16, "uint8", "llvm.x86.avx512.vpdpbusd.512"),
    Dot("avxvnni", 8, "uint8", "llvm.x86.avx512.vpdpbusd.256"),
    Dot("dotprod", 4, "int8", "llvm.aarch64.neon.sdot.v4i32.v16i8"),
)


def dot(target: Target) -> Dot | None:
    """The instruction of a target that fills its vectors; ``None`` where it has none."""
    lanes = target.vector_bytes // 4
    rows = (row for row in DOTS if row.feature in target.features and row.lanes == lanes)
    return next(rows, None)
