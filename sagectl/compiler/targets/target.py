"""The machine that code is generated for, resolved to what LLVM and the schedules need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagectl.runtime.cpu import host_machine, missing_features

if TYPE_CHECKING:
    from collections.abc import Mapping

# Arch -> what `uname -m` calls it; 32-bit packages need a 32-bit runtime and are not listed.
NATIVE_MACHINES = {"X86_64": "x86_64", "ARM64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Gpu:
    """The graphics processor that kernels are made for; ``code`` as ``sm_72``, CUDA's alone."""

    kind: str
    device: str | None
    code: str | None
    threads: int
    shared_bytes: int
    warp: int


@dataclass(frozen=True, slots=True)
class Target:
    """A resolved target.

    ``features`` are LLVM's names of what ``mcpu`` with ``mattr`` has. ``vector_bytes`` is the
    widest vector worth using, ``registers`` how many such the schedules may hold at once.
    ``gpu`` is set where an accelerator is named; all the rest is its host's.
    ``precision`` is ``fast``, or ``exact`` where nothing may be approximated.
    ``linkers`` are names in ``LINKERS``, best first. ``settings`` are the options
    that the package records besides (``ANDROID_PLATFORM``, ``gpu-code``).
    """

    os: str
    arch: str
    accelerator: str | None
    device: str | None
    triple: str
    mcpu: str
    mattr: tuple[str, ...]
    float_abi: str | None
    features: frozenset[str]
    vector_bytes: int
    registers: int
    l1_bytes: int
    l2_bytes: int
    linkers: tuple[str, ...]
    gnu_prefix: str
    zig_target: str
    suffix: str
    gpu: Gpu | None = None
    precision: str = "fast"
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    warnings: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether polynomials and transforms that round more than the model does are barred."""
        return self.precision == "exact"

    @property
    def runs_here(self) -> bool:
        """Whether a package for this target can be loaded into this very process."""
        return self.reason_not_here is None

    @property
    def reason_not_here(self) -> str | None:
        """Why the result cannot run on this machine; ``None`` where it can."""
        if self.os != "LINUX":
            return f"the target's system is {self.os}"
        if self.accelerator is not None:
            return f"the target needs an accelerator ({self.accelerator})"
        if NATIVE_MACHINES.get(self.arch) != host_machine():
            return f"the target's architecture is {self.arch}, this machine is {host_machine()}"
        if missing := missing_features(self.features):
            return f"this machine's processor lacks {', '.join(missing)}"
        return None
