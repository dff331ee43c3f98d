"""What a reader must know of this machine to judge a time."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Processor, what else ran on it, and the system around it."""
    from sagectl import __version__
    from sagectl.runtime.cpu import host_machine

    facts = _facts(Path("/proc/cpuinfo"))
    memory = _facts(Path("/proc/meminfo")).get("MemTotal", "0 kB").split()
    cores = len(os.sched_getaffinity(0))
    load = round(os.getloadavg()[0], 2)
    return {
        "Processor": facts.get("model name") or host_machine(),
        "Machine": host_machine(),
        "Cores": cores,
        "MemoryBytes": int(memory[0]) * 1024,
        "IsVirtual": "hypervisor" in facts.get("flags", "").split(),
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Sagectl": __version__,
        # Of the minute before: a machine of two cores with a load of two is not quiet.
        "Load": load,
        "IsQuiet": load <= cores / 4,
    }


def _facts(path: Path) -> dict[str, str]:
    """``name: value`` lines, the first of each name."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return found
