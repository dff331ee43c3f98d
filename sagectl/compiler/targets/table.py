"""The targets: one row per platform and per device name of the service, served or refused.

Devices and what they stand for: SageMaker developer guide, "Supported Frameworks, Devices,
Systems, and Architectures" for Neo; processors of the ``ml_*`` and ``lambda`` rows as the DLR
project's compilation container names them. Triples and ABIs were each compiled, linked and,
unless an accelerator is named, run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OSES = ("LINUX", "ANDROID")
ARCHES = ("X86_64", "X86", "ARM64", "ARM_EABIHF", "ARM_EABI")
ACCELERATORS = ("NVIDIA", "MALI", "INTEL_GRAPHICS", "NNA")


@dataclass(frozen=True, slots=True)
class CpuRow:
    """How code for the processors of one system and architecture is made."""

    triple: str
    mcpu: str
    mattr: tuple[str, ...] = ()
    float_abi: str | None = None
    linkers: tuple[str, ...] = ("cross", "zig")
    gnu_prefix: str = ""
    zig_target: str = ""
    l1_bytes: int = 32 << 10
    l2_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Profile:
    """What processors of an architecture must have, and must not be: features of LLVM.

    Without them it ends the process, or makes code that no linker takes and no system runs.
    """

    required: frozenset[str]
    forbidden: frozenset[str]
    nearest: str


@dataclass(frozen=True, slots=True)
class GpuRow:
    """How kernels for the graphics processors of one maker are made.

    The limits are what every such processor has; ``device`` is TVM's name of its kind.
    """

    kind: str
    device: str | None = None
    threads: int = 256
    shared_bytes: int = 32 << 10
    warp: int = 16


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a target is not served, and the nearest thing that works."""

    reason: str
    nearest: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A ``TargetDevice``: the platform it is, and the compiler options it implies."""

    os: str
    arch: str
    accelerator: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


# A platform without mcpu gets AVX2 and FMA on X86_64: every server since 2015 has them, and
# SSE2 alone is four times slower. The runner checks the processor before it loads anything.
CPUS: dict[tuple[str, str], CpuRow | Refusal] = {
    ("LINUX", "X86_64"): CpuRow(
        "x86_64-linux-gnu",
        "x86-64-v3",
        linkers=("cc", "cross", "zig"),
        gnu_prefix="x86_64-linux-gnu",
        zig_target="x86_64-linux-gnu.2.17",
    ),
    ("LINUX", "X86"): CpuRow(
        "i686-linux-gnu",
        "i686",
        mattr=("+sse2",),
        gnu_prefix="i686-linux-gnu",
        zig_target="x86-linux-gnu.2.17",
    ),
    ("LINUX", "ARM64"): CpuRow(
        "aarch64-linux-gnu",
        "generic",
        mattr=("+neon",),
        linkers=("cc", "cross", "zig"),
        gnu_prefix="aarch64-linux-gnu",
        zig_target="aarch64-linux-gnu.2.17",
        l2_bytes=512 << 10,
    ),
    ("LINUX", "ARM_EABIHF"): CpuRow(
        "armv7a-linux-gnueabihf",
        "generic",
        mattr=("+neon",),
        float_abi="hard",
        gnu_prefix="arm-linux-gnueabihf",
        zig_target="arm-linux-gnueabihf.2.17",
        l2_bytes=512 << 10,
    ),
    ("LINUX", "ARM_EABI"): CpuRow(
        "armv7a-linux-gnueabi",
        "generic",
        mattr=("+neon",),
        float_abi="soft",
        gnu_prefix="arm-linux-gnueabi",
        zig_target="arm-linux-gnueabi.2.17",
        l2_bytes=512 << 10,
    ),
    ("ANDROID", "X86_64"): CpuRow(
        "x86_64-linux-android28", "x86-64-v2", linkers=("ndk", "stubs"), zig_target="x86_64"
    ),
    ("ANDROID", "X86"): CpuRow(
        "i686-linux-android28",
        "i686",
        mattr=("+ssse3",),
        linkers=("ndk", "stubs"),
        zig_target="x86",
    ),
    ("ANDROID", "ARM64"): CpuRow(
        "aarch64-linux-android28",
        "generic",
        mattr=("+neon",),
        linkers=("ndk", "stubs"),
        zig_target="aarch64",
        l2_bytes=512 << 10,
    ),
    ("ANDROID", "ARM_EABI"): CpuRow(
        "armv7a-linux-androideabi28",
        "generic",
        mattr=("+neon",),
        float_abi="soft",
        linkers=("ndk", "stubs"),
        zig_target="arm",
        l2_bytes=512 << 10,
    ),
    ("ANDROID", "ARM_EABIHF"): Refusal(
        "Android has no hard-float ABI", "--os ANDROID --arch ARM_EABI"
    ),
}

# Systems with programs and processes run on the A profile of ARM alone: M has neither ARM mode
# nor what a linker's tables need, R no virtual memory. MVE takes the encodings of NEON.
_NO_MICROCONTROLLER = frozenset(("mclass", "rclass", "noarm", "mve"))
PROFILES: dict[str, Profile] = {
    "X86_64": Profile(
        frozenset(("64bit", "64bit-mode", "sse2")),
        frozenset(),
        "--mcpu x86-64, or --arch X86 for processors of 32 bits",
    ),
    "X86": Profile(frozenset(), frozenset(), "--mcpu i686"),
    "ARM64": Profile(frozenset(), frozenset(), "--mcpu cortex-a53"),
    "ARM_EABIHF": Profile(frozenset(("vfp2sp",)), _NO_MICROCONTROLLER, "--mcpu cortex-a7"),
    "ARM_EABI": Profile(frozenset(), _NO_MICROCONTROLLER, "--mcpu cortex-a7"),
}

# Limits: CUDA C++ programming guide, "Compute capabilities"; OpenCL's on the oldest of Mali's
# Midgard and Intel's generation 8 that clinfo reports.
GPUS: dict[str, GpuRow] = {
    "NVIDIA": GpuRow("cuda", threads=1024, shared_bytes=48 << 10, warp=32),
    "MALI": GpuRow("opencl", "mali"),
    "INTEL_GRAPHICS": GpuRow("opencl", "intel_graphics", shared_bytes=64 << 10),
}

# Where such hardware exists beside such a processor; everything else is refused as unreal.
SENSIBLE_ACCELERATORS = {
    "NVIDIA": {("LINUX", "X86_64"), ("LINUX", "ARM64")},
    "MALI": {
        ("LINUX", "ARM64"),
        ("LINUX", "ARM_EABIHF"),
        ("LINUX", "ARM_EABI"),
        ("ANDROID", "ARM64"),
        ("ANDROID", "ARM_EABI"),
    },
    "INTEL_GRAPHICS": {
        ("LINUX", "X86_64"),
        ("ANDROID", "X86_64"),
        ("ANDROID", "X86"),
    },
    "NNA": set(),
}
UNREAL = {
    "NVIDIA": "NVIDIA accelerators are served beside X86_64 and ARM64 under LINUX alone",
    "MALI": "Mali graphics sit beside ARM processors",
    "INTEL_GRAPHICS": "Intel graphics sit beside X86 and X86_64 processors",
    "NNA": "NNA accelerators take code of their vendor's closed compiler only",
}

_AVX2 = {"mcpu": "core-avx2"}
_AVX512 = {"mcpu": "skylake-avx512"}


def _jetson(gpu_code: str, trt: str, mcpu: str) -> DeviceRow:
    gpu = {"gpu-code": gpu_code, "trt-ver": trt, "cuda-ver": "10.0"}
    return DeviceRow("LINUX", "ARM64", "NVIDIA", {"mcpu": mcpu, **gpu})


def _cuda(gpu_code: str, mcpu: str) -> DeviceRow:
    return DeviceRow("LINUX", "X86_64", "NVIDIA", {"mcpu": mcpu, "gpu-code": gpu_code})


_NEURON = "Neuron chips take code of their vendor's closed compiler only"
_AMBARELLA = "Ambarella's CVflow takes code of its vendor's closed compiler only"
_WINDOWS = "Windows libraries cannot be linked here"
_ON_ARM64 = "--os LINUX --arch ARM64 (the device's processor)"
_ON_C5 = "--device ml_c5"

DEVICES: dict[str, DeviceRow | Refusal] = {
    "lambda": DeviceRow("LINUX", "X86_64", options={"mcpu": "ivybridge"}),
    "ml_m4": DeviceRow("LINUX", "X86_64", options=_AVX2),
    "ml_m5": DeviceRow("LINUX", "X86_64", options=_AVX512),
    "ml_m6g": DeviceRow("LINUX", "ARM64", options={"mcpu": "neoverse-n1"}),
    "ml_c4": DeviceRow("LINUX", "X86_64", options=_AVX2),
    "ml_c5": DeviceRow("LINUX", "X86_64", options=_AVX512),
    "ml_c6g": DeviceRow("LINUX", "ARM64", options={"mcpu": "neoverse-n1"}),
    "ml_p2": Refusal(
        "CUDA 11 was the last to make code for the K80 (sm_37), which has no driver since",
        "--device ml_p3",
    ),
    "ml_p3": _cuda("sm_70", "broadwell"),
    "ml_g4dn": _cuda("sm_75", "cascadelake"),
    "ml_inf1": Refusal(_NEURON, _ON_C5),
    "ml_inf2": Refusal(_NEURON, _ON_C5),
    "ml_trn1": Refusal(_NEURON, _ON_C5),
    "ml_eia2": Refusal("Elastic Inference has been withdrawn", _ON_C5),
    "jetson_tx1": _jetson("sm_53", "6.0.1", "cortex-a57"),
    "jetson_tx2": _jetson("sm_62", "6.0.1", "cortex-a57"),
    "jetson_nano": _jetson("sm_53", "5.0.6", "cortex-a57"),
    "jetson_xavier": _jetson("sm_72", "5.1.6", "carmel"),
    "rasp3b": DeviceRow("LINUX", "ARM_EABIHF", options={"mcpu": "cortex-a53"}),
    "rasp4b": DeviceRow("LINUX", "ARM_EABIHF", options={"mcpu": "cortex-a72"}),
    "imx8qm": DeviceRow("LINUX", "ARM64", options={"mcpu": "cortex-a53"}),
    "deeplens": DeviceRow("LINUX", "X86_64", "INTEL_GRAPHICS", {"mcpu": "goldmont"}),
    "rk3399": DeviceRow("LINUX", "ARM64", "MALI", {"mcpu": "cortex-a53"}),
    "rk3288": DeviceRow("LINUX", "ARM_EABIHF", "MALI", {"mcpu": "cortex-a17"}),
    "aisage": DeviceRow("LINUX", "ARM64", "MALI", {"mcpu": "cortex-a53"}),
    "sbe_c": DeviceRow("LINUX", "X86_64", options=_AVX2),
    "qcs605": DeviceRow("ANDROID", "ARM64", "MALI", {"ANDROID_PLATFORM": 27}),
    "qcs603": DeviceRow("ANDROID", "ARM64", "MALI", {"ANDROID_PLATFORM": 27}),
    "sitara_am57x": Refusal(
        "The accelerators of Sitara take code of their vendor's compiler only",
        "--os LINUX --arch ARM_EABIHF --mcpu cortex-a15 (the device's processor)",
    ),
    "amba_cv2": Refusal(_AMBARELLA, _ON_ARM64),
    "amba_cv22": Refusal(_AMBARELLA, _ON_ARM64),
    "amba_cv25": Refusal(_AMBARELLA, _ON_ARM64),
    "x86_win32": Refusal(_WINDOWS, "--os LINUX --arch X86 (under WSL)"),
    "x86_win64": Refusal(_WINDOWS, "--os LINUX --arch X86_64 (under WSL)"),
    "coreml": Refusal(
        "Core ML models are made by coremltools on the model itself, not by a compiler",
        "coremltools.convert(model)",
    ),
    "jacinto_tda4vm": Refusal(
        "The accelerators of Jacinto take code of their vendor's compiler only",
        "--os LINUX --arch ARM64 --mcpu cortex-a72 (the device's processor)",
    ),
    "imx8mplus": Refusal(
        "The NPU of the i.MX 8M Plus takes code of its vendor's compiler only",
        "--os LINUX --arch ARM64 --mcpu cortex-a53 (the device's processor)",
    ),
}


def refusal(os: str, arch: str, accelerator: str | None) -> Refusal | None:
    """Why a platform is not served; ``None`` where it is. Names must be of the tables."""
    row = CPUS[os, arch]
    if isinstance(row, Refusal):
        return row
    if accelerator is None:
        return None
    if (os, arch) in SENSIBLE_ACCELERATORS[accelerator]:
        return None
    return Refusal(UNREAL[accelerator], f"--os {os} --arch {arch} (the processor alone)")


def _check() -> None:
    """Refuse tables that contradict themselves, when they are imported."""
    for os in OSES:
        for arch in ARCHES:
            if (os, arch) not in CPUS:
                raise ValueError(f"no row for {os} {arch}")
            if arch not in PROFILES:
                raise ValueError(f"no profile for {arch}")
    for accelerator in ACCELERATORS:
        if not SENSIBLE_ACCELERATORS[accelerator] <= CPUS.keys():
            raise ValueError(f"{accelerator} is said to sit beside an unknown platform")
        if SENSIBLE_ACCELERATORS[accelerator] and accelerator not in GPUS:
            raise ValueError(f"{accelerator} is said to be sensible, but has no row")
    for name, row in DEVICES.items():
        if isinstance(row, DeviceRow) and isinstance(CPUS[row.os, row.arch], Refusal):
            raise ValueError(f"device {name} is of a refused platform")


_check()
