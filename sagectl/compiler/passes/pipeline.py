"""The list of graph passes, in phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.targets import Target


def optimized(module: IRModule, target: Target) -> IRModule:
    """Return the module as fused, unscheduled loop nests in the layouts of ``target``."""
    from tvm.ir.transform import Sequential
    from tvm.relax import transform

    lower = Sequential(
        [
            transform.CanonicalizeBindings(),
            transform.LegalizeOps(),
            transform.AnnotateTIROpPattern(),
            transform.FuseOps(),
            transform.FuseTIR(),
            transform.DeadCodeElimination(),
        ]
    )
    return lower(module)
