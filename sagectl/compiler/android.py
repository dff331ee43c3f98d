"""The oldest Android that can load a library, measured from what the library asks of it.

Levels: bionic's ``libc.map.txt`` and ``libm.map.txt`` ("introduced="), and for the forms of
ELF "Android changes for NDK developers" in bionic's documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagectl.compiler.elf import read_elf
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from pathlib import Path

# The first Android with 64-bit processors, and the oldest that ANDROID_PLATFORM may name.
FIRST_LEVEL = 21
# What a library is linked for where ANDROID_PLATFORM names no level.
DEFAULT_LEVEL = 28
# Library -> the symbols that it has on every Android since the first level.
SYMBOLS = {
    "libtvm_ffi.so": re.compile(r"TVM\w+"),
    "libc.so": re.compile(r"(__aeabi_)?mem(cpy|set|move|cmp|clr)[48]?|abort|malloc|free"),
    "libm.so": re.compile(
        r"(a?(sin|cos|tan)h?|atan2|exp2?|expm1|log(2|10|1p)?|pow|sqrt|cbrt|erfc?|floor|ceil|"
        r"round|trunc|rint|nearbyint|fmod|fmax|fmin|fma|fabs|remainder|[lt]gamma|hypot|ldexp)f?"
    ),
}
# Sections that only a loader since some level understands.
_SECTIONS = {".relr.dyn": 30, ".tdata": 29, ".tbss": 29}
_GNU_HASH_ALONE = 23


def checked_level(library: Path, asked: int | None) -> int:
    """The oldest API level whose loader and system libraries serve ``library``.

    Raises CompileError where that is above ``asked``, the level that was promised.
    """
    elf = read_elf(library)
    levels = {FIRST_LEVEL: "every Android since 64-bit processors"}
    levels |= {level: name for name, level in _SECTIONS.items() if name in elf.sections}
    if ".hash" not in elf.sections and ".gnu.hash" in elf.sections:
        levels[_GNU_HASH_ALONE] = ".gnu.hash"
    unknown = [name for name in elf.imports if not _is_old(name)]
    if unknown:
        # Only an NDK links these, and checks them against the level it links for.
        levels[asked or DEFAULT_LEVEL] = unknown[0]
    measured = max(levels)
    if asked is not None and measured > asked:
        raise CompileError(
            f"The library needs API level {measured} ({levels[measured]}), "
            f"ANDROID_PLATFORM is {asked}",
            stage="link",
            reason="target",
            hint=f"Give ANDROID_PLATFORM {measured}, or leave it out.",
        )
    return measured


def _is_old(symbol: str) -> bool:
    return any(pattern.fullmatch(symbol) for pattern in SYMBOLS.values())
