"""From what was asked to a target: rows, options and this machine put together."""

from __future__ import annotations

import sys
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sagectl.compiler.request import Platform
from sagectl.compiler.targets import cuda, llvm
from sagectl.compiler.targets.options import (
    Options,
    checked_features,
    checked_processor,
    parsed,
    refused,
    spelt,
)
from sagectl.compiler.targets.table import (
    ACCELERATORS,
    ARCHES,
    CPUS,
    DEVICES,
    GPUS,
    OSES,
    PROFILES,
    CpuRow,
    Refusal,
    refusal,
)
from sagectl.compiler.targets.target import NATIVE_MACHINES, Gpu, Target
from sagectl.runtime.cpu import host_machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Feature -> bytes of a vector and how many registers of them there are; the first held wins.
VECTORS = {
    "X86_64": (("avx512f", 64, 32), ("avx", 32, 16), ("sse2", 16, 16)),
    "X86": (("avx", 32, 8), ("sse2", 16, 8)),
    "ARM64": (("neon", 16, 32),),
    "ARM_EABIHF": (("neon", 16, 16),),
    "ARM_EABI": (("neon", 16, 16),),
}
SCALAR = (4, 16)


def resolve(
    platform: Platform | None, device: str | None, options: Mapping[str, Any]
) -> Target:
    """The target that a platform or a device with these options is; neither is this machine.

    Raises RequestError, with the nearest thing that works, for what is not served, and for
    processors, features and options that do not exist.
    """
    asked = options = spelt(options)
    if device is not None:
        platform, options = _of_device(device, options)
    is_host = platform is None
    platform = platform or host_platform()
    _named("--os", platform.os, OSES)
    _named("--arch", platform.arch, ARCHES)
    if platform.accelerator is not None:
        _named("--accelerator", platform.accelerator, ACCELERATORS)
    if refused_row := refusal(platform.os, platform.arch, platform.accelerator):
        raise _unserved(str(platform) if device is None else device, refused_row)
    given = parsed(options, os=platform.os)
    return replace(
        _target(platform, device, given, native=is_host),
        warnings=(*given.warnings, *_gpu_remarks(platform, asked)),
    )


def host_platform() -> Platform:
    """The platform of this machine; raises RequestError where it is none of the service's."""
    machine = host_machine()
    arch = next((name for name, known in NATIVE_MACHINES.items() if known == machine), None)
    if not sys.platform.startswith("linux") or arch is None:
        raise refused(
            f"This machine ({sys.platform}, {machine}) is no platform of the table",
            hint="Name one with --os and --arch, or --device.",
        )
    return Platform("LINUX", arch)


def _of_device(name: str, options: Mapping[str, Any]) -> tuple[Platform, dict[str, Any]]:
    _named("--device", name, tuple(DEVICES))
    row = DEVICES[name]
    if isinstance(row, Refusal):
        raise _unserved(name, row)
    return Platform(row.os, row.arch, row.accelerator), {**row.options, **options}


def _target(platform: Platform, device: str | None, given: Options, *, native: bool) -> Target:
    row = CPUS[platform.os, platform.arch]
    assert isinstance(row, CpuRow)  # refusal() has let it pass
    mcpu, mattr = _processor(row, platform, given, native=native)
    features = _features(row, platform, mcpu, mattr)
    vector_bytes, registers = next(
        (
            (width, count)
            for feature, width, count in VECTORS[platform.arch]
            if feature in features
        ),
        SCALAR,
    )
    return Target(
        os=platform.os,
        arch=platform.arch,
        accelerator=platform.accelerator,
        device=device,
        triple=row.triple,
        mcpu=mcpu,
        mattr=mattr,
        float_abi=row.float_abi,
        features=features,
        vector_bytes=vector_bytes,
        registers=registers,
        l1_bytes=row.l1_bytes,
        l2_bytes=row.l2_bytes,
        linkers=row.linkers,
        gnu_prefix=row.gnu_prefix,
        zig_target=row.zig_target,
        suffix=device or str(platform),
        gpu=_gpu(platform, given),
        precision=given.precision,
        settings=given.settings,
    )


def _gpu(platform: Platform, given: Options) -> Gpu | None:
    if platform.accelerator is None:
        return None
    row = GPUS[platform.accelerator]
    code = cuda.checked_code(given.settings) if row.kind == "cuda" else None
    return Gpu(row.kind, row.device, code, row.threads, row.shared_bytes, row.warp)


def _gpu_remarks(platform: Platform, asked: Mapping[str, Any]) -> tuple[str, ...]:
    """What to know of options that were asked for, and are not a device's own."""
    if platform.accelerator == "NVIDIA":
        return cuda.remarks(asked)
    named = [name for name in cuda.OPTIONS if name in asked]
    return tuple(f"Compiler option {name!r} is NVIDIA's and changes nothing." for name in named)


def _processor(
    row: CpuRow, platform: Platform, given: Options, *, native: bool
) -> tuple[str, tuple[str, ...]]:
    """The processor's name and features, both checked against LLVM's lists."""
    checked_features(row.triple, given.mattr)
    if given.mcpu == "native" or (native and given.mcpu is None):
        if NATIVE_MACHINES.get(platform.arch) != host_machine() or platform.os != "LINUX":
            raise refused(
                f"mcpu 'native' is this machine's ({host_machine()}), the target is {platform}",
                hint="Name the processor of the target.",
            )
        name, differing = llvm.host_processor()
        return name, differing + given.mattr
    mcpu = row.mcpu if given.mcpu is None else given.mcpu
    if mcpu != "generic":
        checked_processor(row.triple, mcpu)
    return mcpu, row.mattr + given.mattr


def _features(
    row: CpuRow, platform: Platform, mcpu: str, mattr: tuple[str, ...]
) -> frozenset[str]:
    """What code may use; raises RequestError where a processor of this kind is no target."""
    profile = PROFILES[platform.arch]

    def wrong(asked: tuple[str, ...]) -> list[str]:
        held = llvm.features(row.triple, mcpu, asked)
        lacking = [f"lacks {name}" for name in sorted(profile.required - held)]
        return lacking + [f"has {name}" for name in sorted(profile.forbidden & held)]

    if problems := wrong(row.mattr):
        raise refused(
            f"mcpu {mcpu!r} {' and '.join(problems)}; no program of {platform} runs on it",
            hint=f"Use {profile.nearest}.",
        )
    if problems := wrong(mattr):
        blamed = [item for item in mattr if wrong((*row.mattr, item))] or list(mattr)
        raise refused(
            f"With mattr {','.join(blamed)} the processor {' and '.join(problems)}; no program "
            f"of {platform} runs on it",
            hint=f"Leave {','.join(blamed)} out.",
        )
    return llvm.features(row.triple, mcpu, mattr)


def _named(option: str, value: str, known: Iterable[str]) -> None:
    if value in (names := tuple(known)):
        return
    near = get_close_matches(value, names, n=1, cutoff=0.6)
    near = near or [name for name in names if name.lower() == value.lower()]
    raise refused(
        f"{option.lstrip('-')} {value!r} is not one of the service's",
        hint=f"Did you mean {near[0]}?" if near else f"Use one of {', '.join(names)}.",
    )


def _unserved(name: str, row: Refusal) -> Exception:
    return refused(f"{name} cannot be compiled for: {row.reason}", hint=f"Use {row.nearest}.")
