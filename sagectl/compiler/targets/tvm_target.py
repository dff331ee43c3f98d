"""A target in TVM's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.targets.target import Target


def tvm_target(target: Target) -> Any:
    """TVM's own ``Target``, for ``tvm.compile`` and whatever reads the current target."""
    from tvm.target import Target as TvmTarget

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
    return TvmTarget(described)
