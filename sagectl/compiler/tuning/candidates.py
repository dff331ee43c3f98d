"""What can be varied in our own schedules: which rule, and what it believes of the target.

Rules read the numbers of registers and the sizes of caches off the target to choose tiles,
blocks and panels. Told other numbers they choose others; the code stays that of the target,
and right, for every schedule means the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from sagectl.compiler.schedules import asked, rule_name, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

# Shares of what the target has.
_REGISTERS = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375)
_L1 = (1.0, 0.5, 2.0, 4.0)
_L2 = (1.0, 0.25, 0.5, 2.0, 8.0)


@dataclass(frozen=True, slots=True)
class Choice:
    """A rule by its name, and the target as it is told."""

    rule: str
    registers: int
    l1_bytes: int
    l2_bytes: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def choice_of(row: Mapping[str, Any]) -> Choice:
    """The choice that ``as_dict`` gave; raises ValueError for anything else."""
    try:
        return Choice(
            str(row["rule"]), *(int(row[key]) for key in ("registers", "l1_bytes", "l2_bytes"))
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"no choice of a schedule: {row!r}") from error


def applied(choice: Choice, func: PrimFunc, target: Target) -> Schedule | None:
    """The schedule that a choice gives; ``None`` where its rule declines or is no more."""
    told = replace(
        target,
        registers=choice.registers,
        l1_bytes=choice.l1_bytes,
        l2_bytes=choice.l2_bytes,
    )
    for rule in rules_of(target):
        if rule_name(rule) == choice.rule:
            return asked(rule, func, told)[0]
    return None


def candidates(
    func: PrimFunc, target: Target, random: Random
) -> Iterator[tuple[Choice, PrimFunc]]:
    """Different schedules of a function, in an order that ``random`` alone decides.

    The first is the default one. No two are the same code.
    """
    import tvm_ffi

    choices = list(_choices(target))
    default, rest = choices[: len(rules_of(target))], choices[len(rules_of(target)) :]
    random.shuffle(rest)
    seen: set[int] = set()
    serving: set[str] = set()
    for choice in (*default, *rest):
        if serving and choice.rule not in serving and choice not in default:
            continue  # a rule that declined once declines for every target
        schedule = applied(choice, func, target)
        if schedule is None:
            continue
        serving.add(choice.rule)
        made = schedule.mod["main"]
        if (known := tvm_ffi.structural_hash(made)) not in seen:
            seen.add(known)
            yield choice, made


def _choices(target: Target) -> Iterator[Choice]:
    """All choices; first those in which each rule is told the truth, in the rules' order."""
    names = [rule_name(rule) for rule in rules_of(target)]
    for shares in product(_REGISTERS, _L1, _L2):
        registers, l1, l2 = shares
        for name in names:
            yield Choice(
                rule=name,
                registers=max(4, int(target.registers * registers)),
                l1_bytes=int(target.l1_bytes * l1),
                l2_bytes=int(target.l2_bytes * l2),
            )
