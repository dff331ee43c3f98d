"""Schedules for CPUs, most particular first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.schedules.cpu import (
    attention,
    byte_product,
    convolution,
    fallback,
    integer,
    planes,
    product,
    rows,
    window,
    winograd,
)

if TYPE_CHECKING:
    from sagectl.compiler.schedules import Rule

RULES: tuple[Rule, ...] = (
    winograd.apply,
    integer.apply,
    convolution.apply,
    attention.apply,
    byte_product.apply,
    product.apply,
    window.apply,
    planes.apply,
    rows.apply,
    fallback.apply,
)
