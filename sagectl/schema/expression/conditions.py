"""The conditions of an expression, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Comparison:
    """One property against one value; ``operator`` in the service's spelling.

    ``value`` is the text that goes over the wire, None for Exists and NotExists; ``is_text``
    says whether it was written as text. ``column`` counts from 1.
    """

    name: str
    operator: str
    value: str | None = None
    is_text: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class Nested:
    """Some element of the list ``name`` meets all of ``parts``, named relative to it."""

    name: str
    parts: tuple[Comparison, ...]
    column: int = 0


@dataclass(frozen=True, slots=True)
class Every:
    """All of ``parts`` hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of ``parts`` holds."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Nested | Every | Either

# How an operator reads in an expression; Exists, NotExists and In have forms of their own.
SYMBOLS = {
    "Equals": "=",
    "NotEquals": "!=",
    "GreaterThan": ">",
    "GreaterThanOrEqualTo": ">=",
    "LessThan": "<",
    "LessThanOrEqualTo": "<=",
    "Contains": "contains",
}
OPPOSITES = {
    "Equals": "NotEquals",
    "GreaterThan": "LessThanOrEqualTo",
    "LessThan": "GreaterThanOrEqualTo",
    "Exists": "NotExists",
}
OPPOSITES |= {there: here for here, there in OPPOSITES.items()}
ORDERING = frozenset(("GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"))


def joined(kind: type[Every | Either], parts: tuple[Condition, ...]) -> Condition:
    """``parts`` under one ``kind``, those of the same kind taken in; one part stands alone."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
