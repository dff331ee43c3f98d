"""What the processor of this machine can do, as the kernel tells it."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# LLVM's name of a feature -> the kernel's word for it in /proc/cpuinfo. Features that no
# generated code uses, and tunings, are not here and not looked for.
X86_FLAGS = {
    "sse": "sse",
    "sse2": "sse2",
    "sse3": "pni",
    "ssse3": "ssse3",
    "sse4.1": "sse4_1",
    "sse4.2": "sse4_2",
    "popcnt": "popcnt",
    "cx16": "cx16",
    "movbe": "movbe",
    "lzcnt": "abm",
    "bmi": "bmi1",
    "bmi2": "bmi2",
    "f16c": "f16c",
    "fma": "fma",
    "fma4": "fma4",
    "avx": "avx",
    "avx2": "avx2",
    "avxvnni": "avx_vnni",
    "avxifma": "avx_ifma",
    "avx512f": "avx512f",
    "avx512bw": "avx512bw",
    "avx512cd": "avx512cd",
    "avx512dq": "avx512dq",
    "avx512vl": "avx512vl",
    "avx512ifma": "avx512ifma",
    "avx512vbmi": "avx512vbmi",
    "avx512vbmi2": "avx512_vbmi2",
    "avx512vnni": "avx512_vnni",
    "avx512bitalg": "avx512_bitalg",
    "avx512vpopcntdq": "avx512_vpopcntdq",
    "avx512bf16": "avx512_bf16",
    "avx512fp16": "avx512_fp16",
    "gfni": "gfni",
    "vaes": "vaes",
    "amx-tile": "amx_tile",
    "amx-int8": "amx_int8",
    "amx-bf16": "amx_bf16",
}
ARM64_FLAGS = {
    "neon": "asimd",
    "fullfp16": "asimdhp",
    "dotprod": "asimddp",
    "fp16fml": "asimdfhm",
    "lse": "atomics",
    "rdm": "asimdrdm",
    "sve": "sve",
    "sve2": "sve2",
    "i8mm": "i8mm",
    "bf16": "bf16",
}
FLAGS = {"x86_64": X86_FLAGS, "aarch64": ARM64_FLAGS}
# What the kernel's list is called. An emulator may show that of the machine it runs on.
_HEADINGS = {"x86_64": "flags", "aarch64": "Features"}


def host_machine() -> str:
    """This machine's architecture as ``uname -m`` spells it: ``x86_64``, ``aarch64``."""
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def missing_features(required: Iterable[str]) -> tuple[str, ...]:
    """Those of ``required`` (LLVM's names) that this processor is known to lack, sorted.

    Code that uses one dies of an illegal instruction. Where the kernel tells nothing,
    nothing is known to lack.
    """
    flags = FLAGS.get(host_machine(), {})
    present = _kernel_flags()
    if not present:
        return ()
    return tuple(sorted(name for name in required if flags.get(name, "") not in present | {""}))


@cache
def _kernel_flags() -> frozenset[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, _, words = line.partition(":")
        if name.strip() == _HEADINGS.get(host_machine()):
            return frozenset(words.split())
    return frozenset()
