"""TVM's stock rules for graphics processors, which decline as ours do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.schedules.gpu.cover import covered
from sagectl.compiler.schedules.reasons import declined
from sagectl.compiler.targets import tvm_target

if TYPE_CHECKING:
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

# What they raise for a loop nest of a form that they did not foresee.
_SURPRISES = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def product(func: PrimFunc, target: Target) -> Schedule | None:
    """Matrix products and what can be seen as one, convolutions too."""
    from tvm.s_tir import dlight

    return _applied(dlight.gpu.Matmul(), func, target)


def matrix_by_vector(func: PrimFunc, target: Target) -> Schedule | None:
    from tvm.s_tir import dlight

    return _applied(dlight.gpu.GEMV(), func, target)


def reduction(func: PrimFunc, target: Target) -> Schedule | None:
    from tvm.s_tir import dlight

    return _applied(dlight.gpu.Reduction(), func, target)


def general_reduction(func: PrimFunc, target: Target) -> Schedule | None:
    """Several reductions after one another: softmax, normalisation."""
    from tvm.s_tir import dlight

    return _applied(dlight.gpu.GeneralReduction(), func, target)


def fallback(func: PrimFunc, target: Target) -> Schedule | None:
    """One thread an element."""
    from tvm.s_tir import dlight

    return _applied(dlight.gpu.Fallback(), func, target)


def _applied(rule: Any, func: PrimFunc, target: Target) -> Schedule | None:
    described = tvm_target(target)
    try:
        with described:
            made = rule.apply(func, described, False)
    except _SURPRISES:
        return declined("dlight's rule fails on it")
    if isinstance(made, list):
        made = made[0] if made else None
    if made is None:
        return declined("dlight's rule does not know it")
    return made if covered(made.mod["main"]) else declined("threads would be left without work")
