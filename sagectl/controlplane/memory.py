"""How much memory one job may hold.

The supervisor watches what a job's processes really hold, rather than setting a limit that the
kernel enforces. RLIMIT_AS counts address space: LLVM, OpenMP and onnxruntime reserve tens of
gigabytes that they never touch. RLIMIT_DATA counts every writable mapping, thread stacks
included, is each process's own, and makes an allocation fail deep inside the compiler, which
then aborts without saying why. A watched job ends with a reason that names the limit.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "SAGECTL_JOB_MEMORY"
_SIZE = re.compile(r"(\d+)\s*([KMGT]?)(?:iB|B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SHARE = 0.8


def job_memory(environ: Mapping[str, str], workers: int = 1) -> int:
    """The bytes a job may hold: SAGECTL_JOB_MEMORY (``4GiB``), else a share of the machine.

    The default is four fifths of the memory there is, divided among the workers.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return int(machine_memory() * _SHARE) // max(1, workers)
    match = _SIZE.fullmatch(text)
    if not match or not int(match[1]):
        raise InputError(
            f"{VARIABLE}: {text!r} is not an amount of memory", hint="Write 512MiB or 4GiB."
        )
    return int(match[1]) * _UNITS[match[2].upper()]


def machine_memory() -> int:
    """The bytes of memory of this machine, or of the container this runs in."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return memory
    return min(memory, int(limit)) if limit.isdecimal() else memory


def readable(size_bytes: int) -> str:
    """``size_bytes`` in the largest unit that keeps it above one."""
    for unit in ("GiB", "MiB", "KiB"):
        scale = _UNITS[unit[0]]
        if size_bytes >= scale:
            return f"{size_bytes / scale:.1f} {unit}".replace(".0 ", " ")
    return f"{size_bytes} bytes"
