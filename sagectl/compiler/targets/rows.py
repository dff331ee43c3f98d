"""The target tables as plain rows, for people and for pages."""

from __future__ import annotations

from typing import Any

from sagectl.compiler.targets.table import (
    ACCELERATORS,
    ARCHES,
    CPUS,
    DEVICES,
    OSES,
    CpuRow,
    DeviceRow,
    Refusal,
    refusal,
)


def rows() -> list[dict[str, Any]]:
    """One row per platform, then one per device: served, or refused with the reason."""
    platforms = [
        _row(None, os, arch, accelerator, refusal(os, arch, accelerator), {})
        for os in OSES
        for arch in ARCHES
        for accelerator in (None, *ACCELERATORS)
    ]
    return platforms + [_device(name, row) for name, row in DEVICES.items()]


def _device(name: str, row: DeviceRow | Refusal) -> dict[str, Any]:
    if isinstance(row, Refusal):
        return _row(name, None, None, None, row, {})
    refused = refusal(row.os, row.arch, row.accelerator)
    return _row(name, row.os, row.arch, row.accelerator, refused, dict(row.options))


def _row(
    device: str | None,
    os: str | None,
    arch: str | None,
    accelerator: str | None,
    refused: Refusal | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    cpu = CPUS[os, arch] if os and arch else None
    row = cpu if isinstance(cpu, CpuRow) else None
    return {
        "Device": device,
        "Os": os,
        "Arch": arch,
        "Accelerator": accelerator,
        "Triple": row.triple if row else None,
        "Mcpu": options.get("mcpu", row.mcpu if row else None),
        "CompilerOptions": options,
        "Status": "refused" if refused else "served",
        "Reason": refused.reason if refused else None,
        "Nearest": refused.nearest if refused else None,
    }
