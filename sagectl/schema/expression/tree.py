"""Conditions to and from the service's SearchExpression, within the service's limits.

Limits, from the API reference: at most 20 Filters, NestedFilters and SubExpressions in each
expression, 50 conditions in all; ``Contains`` once, except on names, display names and tags of
experiments and trials, and on the artifacts of trial components.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError
from sagectl.schema.expression.conditions import (
    SYMBOLS,
    Comparison,
    Condition,
    Either,
    Every,
    Nested,
    joined,
)
from sagectl.schema.expression.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_LIST = 20
MAX_CONDITIONS = 50
MAX_CONTAINS = 1
MAX_VALUE = 1024
MAX_NAME = 255

# Resource -> where the names begin that Contains may be used with any number of times (API
# reference, Filter).
UNLIMITED_CONTAINS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Experiment": frozenset(("DisplayName", "ExperimentName", "Tags")),
        "ExperimentTrial": frozenset(("DisplayName", "TrialName", "Tags")),
        "ExperimentTrialComponent": frozenset(
            ("DisplayName", "TrialComponentName", "Tags", "InputArtifacts", "OutputArtifacts")
        ),
    }
)


def search_expression(
    condition: Condition, *, resource: str | None = None, text: str = ""
) -> dict[str, Any]:
    """``condition`` as the service's SearchExpression.

    Raises ExpressionError at the column of the first condition that passes a limit.
    """
    _check_limits(condition, resource, text)
    return _expression(condition)


def _check_limits(condition: Condition, resource: str | None, text: str) -> None:
    free = UNLIMITED_CONTAINS.get(resource or "", frozenset())
    contains = 0
    for count, leaf in enumerate(_leaves(condition), start=1):
        problem = ""
        hint = "Search by what is shorter, and filter the result with --query."
        if count > MAX_CONDITIONS:
            problem = f"the service takes {MAX_CONDITIONS} conditions, this one is too many"
            hint = "Several '=' on one property can be written as one 'in (...)'."
        elif len(leaf.name) > MAX_NAME:
            problem = f"a property's name has at most {MAX_NAME} characters"
        elif leaf.value is not None and len(leaf.value) > MAX_VALUE:
            problem = f"a value has at most {MAX_VALUE} characters, this has {len(leaf.value)}"
        elif leaf.operator == "Contains" and leaf.name.split(".")[0] not in free:
            contains += 1
            if contains > MAX_CONTAINS:
                problem = "the service takes 'contains' once in an expression"
                hint = "Search by one of them, and filter the result with --query."
        if problem:
            raise ExpressionError(problem, text, max(leaf.column, 1), hint)


def _leaves(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from _leaves(part)


def _expression(condition: Condition) -> dict[str, Any]:
    kind: type[Every | Either] = Either if isinstance(condition, Either) else Every
    parts = condition.parts if isinstance(condition, Every | Either) else (condition,)
    filters = [_filter(part) for part in parts if isinstance(part, Comparison)]
    nested = [_nested_filter(part) for part in parts if isinstance(part, Nested)]
    inner = [_expression(part) for part in parts if isinstance(part, Every | Either)]
    operator = "Or" if kind is Either else "And"
    # What does not fit into a list of twenty goes into sub-expressions of the same operator, in
    # its order: what is read back then makes the same expression again.
    for member, items in (("Filters", filters), ("NestedFilters", nested)):
        inner += [
            {member: items[start : start + MAX_LIST], "Operator": operator}
            for start in range(MAX_LIST, len(items), MAX_LIST)
        ]
        del items[MAX_LIST:]
    while len(inner) > MAX_LIST:
        inner = [
            {"SubExpressions": inner[start : start + MAX_LIST], "Operator": operator}
            for start in range(0, len(inner), MAX_LIST)
        ]
    members = {"Filters": filters, "NestedFilters": nested, "SubExpressions": inner}
    return {name: items for name, items in members.items() if items} | {"Operator": operator}


def _filter(part: Comparison, prefix: str = "") -> dict[str, Any]:
    written = {"Name": prefix + part.name, "Operator": part.operator}
    return written if part.value is None else written | {"Value": part.value}


def _nested_filter(part: Nested) -> dict[str, Any]:
    # Filters inside name the property in full (API reference, NestedFilters).
    filters = [_filter(inner, f"{part.name}.") for inner in part.parts]
    if len(filters) > MAX_LIST:
        raise InputError(f"{part.name}[...] has more than {MAX_LIST} conditions")
    return {"NestedPropertyName": part.name, "Filters": filters}


def conditions(expression: Mapping[str, Any]) -> Condition:
    """The conditions that a SearchExpression states; InputError when it states none."""
    kind = Either if expression.get("Operator") == "Or" else Every
    parts: list[Condition] = [_comparison(item) for item in expression.get("Filters", ())]
    for item in expression.get("NestedFilters", ()):
        name = item["NestedPropertyName"]
        inner = tuple(_comparison(one, f"{name}.") for one in item["Filters"])
        parts.append(Nested(name, inner))
    parts += [conditions(item) for item in expression.get("SubExpressions", ())]
    if not parts:
        raise InputError(
            "the search expression states no condition",
            hint="Give it Filters, NestedFilters or SubExpressions.",
        )
    return joined(kind, tuple(parts))


def _comparison(item: Mapping[str, Any], prefix: str = "") -> Comparison:
    value = item.get("Value")
    is_text = value is not None and not _NUMBER.fullmatch(value)
    operator = item.get("Operator", "Equals")
    return Comparison(item["Name"].removeprefix(prefix), operator, value, is_text)


_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PLAIN = re.compile(r"[^\W\d][\w:/@+-]*")


def written(condition: Condition) -> str:
    """``condition`` as text that reads back as the same conditions."""
    match condition:
        case Comparison(name, "Exists"):
            return f"exists {_name(name)}"
        case Comparison(name, "NotExists"):
            return f"not exists {_name(name)}"
        case Comparison(name, "In", str(value)):
            return f"{_name(name)} in ({', '.join(map(_quoted, value.split(',')))})"
        case Comparison(name, operator, value, is_text):
            quoted = is_text or operator == "Contains"
            shown = _quoted(str(value)) if quoted else value
            return f"{_name(name)} {SYMBOLS[operator]} {shown}"
        case Nested(name, parts):
            return f"{_name(name)}[{' and '.join(map(written, parts))}]"
        case Every(parts):
            return " and ".join(_grouped(part) for part in parts)
        case Either(parts):
            return " or ".join(_grouped(part) for part in parts)


def _grouped(part: Condition) -> str:
    return f"({written(part)})" if isinstance(part, Every | Either) else written(part)


def _name(name: str) -> str:
    first, _, rest = name.partition(".")
    if not rest or all(_PLAIN.fullmatch(piece) for piece in rest.split(".")):
        return name
    # Keys of tags, metrics and parameters may hold anything: they are quoted whole.
    return f"{first}.{_quoted(rest)}"


def _quoted(text: str) -> str:
    escaped = re.sub(r"(['\\])", r"\\\1", text)
    return f"'{escaped}'"
