"""What this machine can build and run, and why not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from sagectl.compiler import nvrtc, opencl
from sagectl.compiler.linkers import LINKERS
from sagectl.compiler.request import Platform
from sagectl.compiler.targets import resolve
from sagectl.compiler.targets.rows import rows

if TYPE_CHECKING:
    from sagectl.compiler.linkers import Linker
    from sagectl.compiler.targets import Target

_ANY_GPU = {"gpu-code": "sm_75"}


def diagnosis() -> list[dict[str, Any]]:
    """One row per platform that is served: what links for it, whether it runs here."""
    return [
        _row(Platform(row["Os"], row["Arch"], row["Accelerator"]))
        for row in rows()
        if row["Device"] is None and row["Status"] == "served"
    ]


def _row(platform: Platform) -> dict[str, Any]:
    options = _ANY_GPU if platform.accelerator == "NVIDIA" else {}
    target = resolve(platform, None, options)
    linker, remedies = _linker(target)
    if target.gpu and target.gpu.code and not nvrtc.available():
        linker, remedies = None, [nvrtc.REMEDY]
    return {
        "Target": str(platform),
        "Builds": linker is not None,
        "Linker": linker,
        "Runs": target.runs_here,
        "Reason": target.reason_not_here,
        "Remedy": None if linker else " or ".join(remedies),
        "Remark": _remark(target),
    }


def _linker(target: Target) -> tuple[str | None, list[str]]:
    remedies = []
    for name in target.linkers:
        linker = cast("Linker", import_module(LINKERS[name]))
        if linker.available(target):
            return name, []
        remedies.append(linker.remedy(target))
    return None, remedies


def _remark(target: Target) -> str | None:
    if target.gpu and target.gpu.code is None and not opencl.available():
        return f"kernels are not checked; {opencl.REMEDY} lets clang check them"
    if target.gpu and target.gpu.code and nvrtc.available():
        return f"machine code by NVRTC {nvrtc.version()}"
    return None
