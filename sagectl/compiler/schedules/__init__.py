"""Loop schedules: every loop nest of a module, arranged for the target's registers and caches.

A rule is a function ``apply(func, target) -> Schedule | None``. It declines with ``None``, or
late, when a primitive of the schedule refuses; the first answer wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagectl.compiler.schedules.reasons import listening
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tvm.ir import IRModule
    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

    Rule = Callable[[PrimFunc, Target], Schedule | None]

IS_SCHEDULED = "tirx.is_scheduled"


@dataclass(frozen=True, slots=True)
class Decision:
    """Which rule arranged a function, and why those before it declined."""

    function: str
    rule: str | None
    declined: tuple[tuple[str, str], ...] = ()


def scheduled(
    module: IRModule,
    target: Target,
    *,
    first: Rule | None = None,
    note: Callable[[Decision], None] | None = None,
) -> IRModule:
    """The module with every loop nest scheduled; what already was stays as it is.

    ``first`` is asked before all other rules; ``note`` is told of each decision.
    """
    from tvm.tirx import PrimFunc

    rules = (first, *rules_of(target)) if first else rules_of(target)
    arranged = module.clone()
    for name, func in module.functions_items():
        if isinstance(func, PrimFunc) and IS_SCHEDULED not in func.attrs:
            made, decision = _scheduled_function(name.name_hint, func, rules, target)
            arranged.update_func(name, made)
            if note:
                note(decision)
    return arranged


def _scheduled_function(
    name: str, func: PrimFunc, rules: Sequence[Rule], target: Target
) -> tuple[PrimFunc, Decision]:
    from sagectl.compiler.schedules.narrow import narrowed

    if _is_empty(func):
        return func, Decision(name, None, (("all", "it has no elements"),))
    func = narrowed(func)
    declined: list[tuple[str, str]] = []
    for rule in rules:
        schedule, reason = asked(rule, func, target)
        if schedule is not None:
            made = schedule.mod["main"].with_attr(IS_SCHEDULED, True)
            return made, Decision(name, rule_name(rule), tuple(declined))
        declined.append((rule_name(rule), reason))
    if target.gpu:
        raise CompileError(
            f"{name} cannot be spread over the threads of a GPU",
            stage="schedule",
            reason="operator",
            hint="Compile the model for the processor alone.",
        )
    return func, Decision(name, None, tuple(declined))


def asked(rule: Rule, func: PrimFunc, target: Target) -> tuple[Schedule | None, str]:
    """What a rule makes of a function; if nothing, the reasons it gave."""
    from tvm.s_tir import ScheduleError

    with listening() as reasons:
        try:
            made = rule(func, target)
        except ScheduleError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            return None, f"the schedule refuses: {lines[-1] if lines else 'no reason given'}"
    return made, "; ".join(reasons) or "no reason given"


def rule_name(rule: Rule) -> str:
    """A rule's name: its module's, or its own where one module has several."""
    name = getattr(rule, "__name__", type(rule).__name__)
    return rule.__module__.rpartition(".")[2] if name == "apply" else name


def _is_empty(func: PrimFunc) -> bool:
    """Whether a tensor without elements goes in or out: no rule divides by its sizes."""
    from tvm.tirx import IntImm
    from tvm.tirx.buffer import BufferType

    sizes = [
        size for each in func.params if isinstance(each.ty, BufferType) for size in each.shape
    ]
    return any(isinstance(size, IntImm) and int(size) == 0 for size in sizes)


def rules_of(target: Target) -> tuple[Rule, ...]:
    """The rules for a target, most particular first."""
    from sagectl.compiler.schedules import cpu, gpu

    return gpu.RULES if target.gpu else cpu.RULES
