"""The list of graph passes, in phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.passes import (
    constants,
    graphics,
    layout,
    legal,
    origins,
    packing,
    raised,
    scales,
    simplify,
    transposed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tvm.ir import IRModule

    from sagectl.compiler.targets import Target

    Phase = tuple[str, tuple[Callable[[IRModule], IRModule], ...]]


def phases(target: Target) -> Iterator[Phase]:
    """Yield each phase: its name and its passes, in order."""
    from tvm.relax import transform

    yield (
        "tidy",
        (
            transform.CanonicalizeBindings(),
            raised.raised,
            constants.folded,
            simplify.simplified,
            transposed.untransposed,
            transform.DeadCodeElimination(),
        ),
    )
    yield (
        "absorb",
        (
            scales.spelled_out,
            scales.absorbed,
            # What the first made one addition, the second finds beside the next.
            scales.absorbed,
            transform.DeadCodeElimination(),
        ),
    )
    if target.gpu:
        yield "fuse", (transform.LegalizeOps(), graphics.checked, *_fused())
        return
    yield (
        "layout",
        (
            lambda module: layout.blocked(module, target),
            lambda module: packing.packed(module, target),
            transform.DeadCodeElimination(),
        ),
    )
    yield (
        "fuse",
        (
            lambda module: legal.lowered(module, target),
            transform.LegalizeOps(),
            *_fused(),
        ),
    )


def _fused() -> tuple[Callable[[IRModule], IRModule], ...]:
    from tvm.relax import transform

    return (
        transform.AnnotateTIROpPattern(),
        origins.kept(transform.FuseOps()),
        transform.FuseTIR(),
        transform.DeadCodeElimination(),
    )


def optimized(module: IRModule, target: Target) -> IRModule:
    """Return the module as fused, unscheduled loop nests in the layouts of ``target``."""
    for _, passes in phases(target):
        for made in passes:
            module = made(module)
    return module
