"""Loop schedules: every loop nest of a module, arranged for the target's registers and caches.

A rule is a function ``apply(func, target) -> Schedule | None``. It declines with ``None``, or
late, when a primitive of the schedule refuses; the first answer wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tvm.ir import IRModule
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

    Rule = Callable[[PrimFunc, Target], Schedule | None]

IS_SCHEDULED = "tirx.is_scheduled"


def scheduled(module: IRModule, target: Target) -> IRModule:
    """Return the module with every loop nest scheduled; what already was stays as it is."""
    from tvm.tirx import PrimFunc

    arranged = module.clone()
    for name, func in module.functions_items():
        if isinstance(func, PrimFunc) and IS_SCHEDULED not in func.attrs:
            arranged.update_func(name, _scheduled_function(func, target))
    return arranged


def _scheduled_function(func: PrimFunc, target: Target) -> PrimFunc:
    from tvm.s_tir import ScheduleError

    from sagectl.compiler.schedules.narrow import narrowed

    if _is_empty(func):
        return func
    func = narrowed(func)
    for rule in _rules(target):
        try:
            schedule = rule(func, target)
        except ScheduleError:
            continue
        if schedule is not None:
            return schedule.mod["main"].with_attr(IS_SCHEDULED, True)
    if target.gpu:
        name = func.attrs.get("global_symbol", "a loop nest") if func.attrs else "a loop nest"
        raise CompileError(
            f"{name} cannot be spread over the threads of a GPU",
            stage="schedule",
            reason="operator",
            hint="Compile the model for the processor alone.",
        )
    return func


def _is_empty(func: PrimFunc) -> bool:
    """Whether a tensor without elements goes in or out: no rule divides by its sizes."""
    from tvm.tirx import IntImm
    from tvm.tirx.buffer import BufferType

    sizes = [
        size for each in func.params if isinstance(each.ty, BufferType) for size in each.shape
    ]
    return any(isinstance(size, IntImm) and int(size) == 0 for size in sizes)


def _rules(target: Target) -> tuple[Rule, ...]:
    from sagectl.compiler.schedules import cpu, gpu

    return gpu.RULES if target.gpu else cpu.RULES
