"""A target in TVM's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.targets.target import Gpu, Target


def tvm_target(target: Target) -> Any:
    """TVM's own ``Target``, for ``tvm.compile`` and whatever reads the current target.

    With a graphics processor it is that one's, and the processor beside it is its host.
    """
    from tvm.target import Target as TvmTarget

    host = TvmTarget(_processor(target))
    return TvmTarget(_graphics(target.gpu), host=host) if target.gpu else host


def _graphics(gpu: Gpu) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": gpu.kind,
        "max_threads_per_block": gpu.threads,
        "max_shared_memory_per_block": gpu.shared_bytes,
        "thread_warp_size": gpu.warp,
    }
    if gpu.code:
        described["arch"] = gpu.code
    if gpu.device:
        described["device"] = gpu.device
    return described


def _processor(target: Target) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": "llvm",
        "mtriple": target.triple,
        "mcpu": target.mcpu,
    }
    if target.mattr:
        described["mattr"] = list(target.mattr)
    if target.float_abi:
        # TVM ignores the "hf" of a triple and would emit the soft ABI.
        described["mfloat-abi"] = target.float_abi
    return described
