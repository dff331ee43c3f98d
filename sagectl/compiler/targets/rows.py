"""The target tables as plain rows, for people and for pages."""

from __future__ import annotations

from typing import Any

from sagectl.compiler.targets.table import (
    ACCELERATORS,
    ARCHES,
    CPUS,
    DEVICES,
    GPUS,
    OSES,
    CpuRow,
    DeviceRow,
    Refusal,
    refusal,
)

# Architecture -> how packages for it are proven on a machine of X86_64 (tests/targets).
_RUN = {
    "X86_64": "run natively",
    "X86": "run natively, as a 32-bit program",
    "ARM64": "run under qemu-aarch64 with the real wheels",
    "ARM_EABIHF": "run under qemu-arm",
    "ARM_EABI": "run under qemu-arm",
}
_GPU_PROOF = {
    "cuda": "machine code of the GPU asked for, read back from the package; not executed",
    "opencl": "kernels accepted by clang, and built for a device by pocl; not executed",
}


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
        "Proof": None if refused else _proof(os, arch, accelerator),
    }


def _proof(os: str | None, arch: str | None, accelerator: str | None) -> str:
    if accelerator:
        return _GPU_PROOF[GPUS[accelerator].kind]
    run = _RUN[arch or ""]
    return f"its objects, linked to glibc, {run}" if os == "ANDROID" else run
