"""Search expressions, compiled into predicates over records.

Semantics: API reference, SearchExpression, NestedFilters and Filter. What it leaves open is
decided here: NotEquals is true wherever Equals is not, also where the property is missing;
a property inside a list is compared item by item, and one that fits is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from functools import partial
from operator import eq, ge, gt, le, lt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults
from sagectl.controlplane.clock import moment
from sagectl.controlplane.properties import Property, property_named
from sagectl.schema.expression.tree import UNLIMITED_CONTAINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.schema.model import Shape

Record = Mapping[str, Any]
Predicate = Callable[[Any], bool]

LARGEST_EXPRESSION = 50
INTEGER = re.compile(r"[+-]?\d+")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "GreaterThan": gt,
        "GreaterThanOrEqualTo": ge,
        "LessThan": lt,
        "LessThanOrEqualTo": le,
    }
)


def predicate(expression: Mapping[str, Any], resource: str, shape: Shape) -> Predicate:
    """Whether a record of ``resource`` fits ``expression``; ``shape`` is the record's.

    Raises ValidationException for an expression that the service would refuse.
    """
    _check_size(expression)
    _check_contains(expression, resource)
    return _expression(expression, shape)


def _expression(expression: Mapping[str, Any], shape: Shape) -> Predicate:
    parts = [
        *(_filter(item, shape) for item in expression.get("Filters", ())),
        *(_nested(item, shape) for item in expression.get("NestedFilters", ())),
        *(_expression(item, shape) for item in expression.get("SubExpressions", ())),
    ]
    if not parts:
        raise faults.validation(
            "A SearchExpression needs at least one of Filters, NestedFilters, SubExpressions."
        )
    if expression.get("Operator", "And") == "And":
        return lambda record: all(part(record) for part in parts)
    return lambda record: any(part(record) for part in parts)


def _nested(nested: Mapping[str, Any], shape: Shape) -> Predicate:
    """Fits where a single object in a list fits every filter."""
    name = nested["NestedPropertyName"]
    listed = property_named(name, shape)
    if listed.items is None:
        raise faults.validation(f"{name!r} is not a list of objects, as NestedFilters needs.")
    items, prefix = listed.items, name + "."
    tests = []
    for item in nested["Filters"]:
        if not item["Name"].lower().startswith(prefix.lower()):
            raise faults.validation(
                f"The nested filter on {item['Name']!r} does not begin with {prefix!r}."
            )
        tests.append(_filter({**item, "Name": item["Name"][len(prefix) :]}, items))
    return lambda record: any(
        all(test(found) for test in tests) for found in listed.values(record)
    )


def _filter(given: Mapping[str, Any], shape: Shape) -> Predicate:
    name, operator = given["Name"], given.get("Operator", "Equals")
    compared = property_named(name, shape)
    if operator in ("Exists", "NotExists"):
        wanted = operator == "Exists"
        return lambda record: any(True for _ in compared.values(record)) is wanted
    if "Value" not in given:
        raise faults.validation(f"The filter on {name!r} needs a Value for {operator}.")
    if operator == "NotEquals":
        same = _matching(compared, name, "Equals", given["Value"])
        return lambda record: not any(map(same, compared.values(record)))
    test = _matching(compared, name, operator, given["Value"])
    return lambda record: any(map(test, compared.values(record)))


def _matching(compared: Property, name: str, operator: str, text: str) -> Predicate:
    """Whether one value of a property fits."""
    make = _TYPES.get(compared.type)
    test = make(operator, text, compared) if make else None
    if test is None:
        raise faults.validation(
            f"{operator} is not supported for {name!r}, whose type is {compared.type}."
        )
    return test


def _number(operator: str, text: str, _compared: Property) -> Predicate | None:
    test = _comparison(operator)
    if test is None:
        return None
    wanted = decimal(text)
    if wanted is None:
        raise faults.validation(f"{text!r} is neither an integer nor a decimal number.")
    return lambda value: test(Decimal(str(value)), wanted)


def _timestamp(operator: str, text: str, _compared: Property) -> Predicate | None:
    test = _comparison(operator)
    if test is None:
        return None
    if not _TIMESTAMP.fullmatch(text):
        raise faults.validation(f"{text!r} is not a time such as 2020-07-24T00:00:00.")
    try:
        wanted = moment(datetime.fromisoformat(text))
    except ValueError as error:
        raise faults.validation(f"{text!r} is not a time: {error}.") from error
    return lambda value: test(value, wanted)


def _boolean(operator: str, text: str, _compared: Property) -> Predicate | None:
    if operator != "Equals":
        return None
    if text.lower() not in ("true", "false"):
        raise faults.validation(f"{text!r} is neither true nor false.")
    wanted = text.lower() == "true"
    return lambda value: value is wanted


def _text(operator: str, text: str, _compared: Property) -> Predicate | None:
    if operator == "Equals":
        return partial(eq, text)
    if operator == "Contains":
        return lambda value: text in value
    if operator == "In":
        choices = frozenset(text.split(","))
        return lambda value: value in choices
    return None


def _either(operator: str, text: str, compared: Property) -> Predicate | None:
    """Text that may be a number: compared as numbers where both sides are.

    "If the specified Value is an integer, the decimal hyperparameter values are treated as
    integers" (API reference, Filter).
    """
    wanted, as_text = decimal(text), _text(operator, text, compared)
    test = _comparison(operator)
    if test is None or (wanted is None and operator == "Equals"):
        return as_text and (lambda value: as_text(str(value)))
    if wanted is None:
        raise faults.validation(f"{text!r} is neither an integer nor a decimal number.")
    truncates = compared.truncates and INTEGER.fullmatch(text) is not None

    def fits(value: Any) -> bool:
        number = decimal(str(value))
        if number is None:
            return False
        return test(number.to_integral_value(ROUND_DOWN) if truncates else number, wanted)

    return fits


_TYPES: Mapping[str, Callable[[str, str, Property], Predicate | None]] = MappingProxyType(
    {
        "number": _number,
        "timestamp": _timestamp,
        "boolean": _boolean,
        "text": _text,
        "text or number": _either,
    }
)


def _comparison(operator: str) -> Callable[[Any, Any], bool] | None:
    return eq if operator == "Equals" else ORDERINGS.get(operator)


def decimal(text: str) -> Decimal | None:
    """The finite number that ``text`` writes, if it is one."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _check_size(expression: Mapping[str, Any]) -> None:
    size, waiting = 0, [expression]
    while waiting:
        part = waiting.pop()
        inner: Sequence[Mapping[str, Any]] = part.get("SubExpressions", ())
        nested = part.get("NestedFilters", ())
        size += len(part.get("Filters", ())) + len(nested) + len(inner)
        size += sum(len(item["Filters"]) for item in nested)
        waiting.extend(inner)
    if size > LARGEST_EXPRESSION:
        raise faults.validation(
            f"The SearchExpression has {size} filters, nested filters and sub-expressions; "
            f"it may have {LARGEST_EXPRESSION}."
        )


def _check_contains(expression: Mapping[str, Any], resource: str) -> None:
    free = UNLIMITED_CONTAINS.get(resource, frozenset())
    used, waiting = 0, [expression]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.get("SubExpressions", ()))
        nested = (item for group in part.get("NestedFilters", ()) for item in group["Filters"])
        used += sum(
            item.get("Operator") == "Contains" and item["Name"].split(".")[0] not in free
            for item in (*part.get("Filters", ()), *nested)
        )
    if used > 1:
        # The service's text (API reference, Filter).
        raise faults.validation("'CONTAINS' operator usage limit of 1 exceeded.")
