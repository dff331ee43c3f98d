"""Schedules for graphics processors, most particular first: TVM's own, held to whole cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.schedules.gpu import stock

if TYPE_CHECKING:
    from sagectl.compiler.schedules import Rule

RULES: tuple[Rule, ...] = (
    stock.product,
    stock.matrix_by_vector,
    stock.reduction,
    stock.general_reduction,
    stock.fallback,
)
