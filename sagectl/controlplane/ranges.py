"""Where to look for what fits a search expression: ranges of keys."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.controlplane.clock import moment
from sagectl.controlplane.properties import property_named
from sagectl.controlplane.query import INTEGER, decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagectl.controlplane.properties import Property
    from sagectl.schema.model import Shape


class Range(NamedTuple):
    """Numbers from ``low`` to ``high``, or ``choices``; all of a search's matches hold one."""

    name: str
    property: Property
    low: float | None = None
    high: float | None = None
    choices: tuple[float | str, ...] = ()


def ranges(expression: Mapping[str, Any], shape: Shape) -> Iterator[Range]:
    """Ranges that whatever fits ``expression`` has some value in; there may be none.

    More may be in them than fits. The expression must be one that ``predicate`` takes.
    """
    if expression.get("Operator", "And") != "And":
        return
    filters = list(expression.get("Filters", ()))
    for nested in expression.get("NestedFilters", ()):
        filters += nested["Filters"]
    for given in filters:
        found = _range(given, shape)
        if found is not None:
            yield found
    for inner in expression.get("SubExpressions", ()):
        yield from ranges(inner, shape)


def _range(given: Mapping[str, Any], shape: Shape) -> Range | None:
    name, operator = given["Name"], given.get("Operator", "Equals")
    compared = property_named(name, shape)
    bounds = _TYPES.get(compared.type)
    return bounds(Range(name, compared), operator, given.get("Value", "")) if bounds else None


def _number(found: Range, operator: str, text: str) -> Range | None:
    wanted = decimal(text)
    return None if wanted is None else _compared(found, operator, float(wanted))


def _timestamp(found: Range, operator: str, text: str) -> Range | None:
    if operator not in _BOUNDS:
        return None
    return _compared(found, operator, float(moment(datetime.fromisoformat(text))))


def _boolean(found: Range, operator: str, text: str) -> Range | None:
    return (
        found._replace(choices=(float(text.lower() == "true"),))
        if operator == "Equals"
        else None
    )


def _text(found: Range, operator: str, text: str) -> Range | None:
    if operator == "In":
        return found._replace(choices=tuple(text.split(",")))
    return found._replace(choices=(text,)) if operator == "Equals" else None


def _either(found: Range, operator: str, text: str) -> Range | None:
    wanted = decimal(text)
    if operator == "In":
        numbers = (float(one) for one in map(decimal, text.split(",")) if one is not None)
        return found._replace(choices=(*text.split(","), *numbers))
    if wanted is None:
        return _text(found, operator, text)
    # Where decimals are compared as integers they are off by less than one.
    slack = found.property.truncates and INTEGER.fullmatch(text) is not None
    return _compared(found, operator, float(wanted), slack=float(slack))


def _compared(
    found: Range, operator: str, wanted: float, *, slack: float = 0.0
) -> Range | None:
    if operator not in _BOUNDS:
        return None
    # A float is as near to a number as a bound has to be, for rounding keeps their order.
    has_low, has_high = _BOUNDS[operator]
    return found._replace(
        low=wanted - slack if has_low else None, high=wanted + slack if has_high else None
    )


# Operator -> whether it bounds what fits from below, and from above.
_BOUNDS: Mapping[str, tuple[bool, bool]] = MappingProxyType(
    {
        "Equals": (True, True),
        "GreaterThan": (True, False),
        "GreaterThanOrEqualTo": (True, False),
        "LessThan": (False, True),
        "LessThanOrEqualTo": (False, True),
    }
)
_TYPES: Mapping[str, Callable[[Range, str, str], Range | None]] = MappingProxyType(
    {
        "number": _number,
        "timestamp": _timestamp,
        "boolean": _boolean,
        "text": _text,
        "text or number": _either,
    }
)
