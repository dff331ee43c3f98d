"""Loop schedules: every loop nest of a module, arranged for the target's registers and caches.

A rule is a function ``apply(func, target) -> Schedule | None``. It declines with ``None``, or
late, when a primitive of the schedule refuses; the first answer wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    from sagectl.compiler.schedules.cpu import RULES

    for rule in RULES:
        try:
            schedule = rule(func, target)
        except ScheduleError:
            continue
        if schedule is not None:
            return schedule.mod["main"].with_attr(IS_SCHEDULED, True)
    return func
