"""The list of graph passes, in phases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes import (
    attention,
    byte_products,
    constants,
    graphics,
    layout,
    legal,
    lifted,
    origins,
    packing,
    quantised,
    raised,
    scales,
    simplify,
    taps,
    transposed,
)
from sagectl.compiler.passes.nests import elementary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tvm.ir import IRModule

    from sagectl.compiler.targets import Target

    Phase = tuple[str, tuple[Callable[[IRModule], IRModule], ...]]


def phases(target: Target) -> Iterator[Phase]:
    """Each phase: its name and its passes, in order."""
    from tvm.relax import transform

    yield (
        "tidy",
        (
            transform.CanonicalizeBindings(),
            raised.raised,
            constants.folded,
            simplify.simplified,
            transposed.untransposed,
            lifted.lifted,
            quantised.kept,
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
            taps.apart,
            partial(layout.blocked, target=target),
            partial(byte_products.integral, target=target),
            constants.settled,
            partial(attention.fused, target=target),
            partial(packing.packed, target=target),
            transform.DeadCodeElimination(),
        ),
    )
    yield (
        "fuse",
        (
            partial(legal.lowered, target=target),
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


def optimized(
    module: IRModule, target: Target, seen: Callable[[str, IRModule], None] | None = None
) -> IRModule:
    """The module as fused, unscheduled loop nests in the layouts of ``target``.

    ``seen`` is shown the module after each pass, by the names of phase and pass.
    """
    with elementary.faithful(target.is_exact):
        for phase, passes in phases(target):
            for made in passes:
                module = made(module)
                if seen:
                    seen(f"{phase} {pass_name(made)}", module)
    return module


def pass_name(made: Any) -> str:
    """What a pass is called: ours by module and function, TVM's by the name it has there."""
    function = getattr(made, "func", made)
    if hasattr(function, "info"):
        return str(function.info.name)
    return f"{function.__module__.rpartition('.')[2]} {function.__name__}"
