"""The properties of Search: what a name in a filter means in a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults

if TYPE_CHECKING:
    from sagectl.schema.model import Shape

Values = Callable[[Any], Iterator[Any]]

# Shape type -> how Search compares it; other types can only be asked whether they exist.
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "string": "text",
        "integer": "number",
        "long": "number",
        "float": "number",
        "double": "number",
        "boolean": "boolean",
        "timestamp": "timestamp",
    }
)
STATISTICS = ("Avg", "Count", "Last", "Max", "Min", "StdDev")


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its type, and how to find its values in a record.

    ``items`` is the shape of the objects of a list; ``truncates`` says that decimals are
    compared as integers with an integer.
    """

    type: str
    values: Values
    items: Shape | None = None
    truncates: bool = False


def property_named(name: str, shape: Shape) -> Property:
    """The property that ``name`` means; raises ValidationException where there is none."""
    head, _, rest = name.partition(".")
    special = _SPECIAL.get(head.lower())
    found = special(rest, shape) if special and rest else None
    found = found or _at(name, shape)
    if found is None:
        from sagectl.manifest.wording import did_you_mean

        raise faults.validation(
            f"{name!r} is not a property that can be searched.",
            hint=did_you_mean(name, shape.members)
            or "Properties are the fields of the resource, Tags.KEY, Metrics.NAME and "
            "HyperParameters.NAME.",
        )
    return found


def _at(name: str, shape: Shape) -> Property | None:
    """The property at a dotted path of fields."""
    if shape.type == "list":
        inner = _at(name, shape.member) if name else _leaf(shape)
        return inner and _each(inner) if name else inner
    if not name:
        return _leaf(shape)
    if shape.type == "map":
        return _entry(name, shape)
    head, _, rest = name.partition(".")
    field = _field(head, shape)
    if field is None:
        return None
    inner = _at(rest, shape.members[field])
    return inner and _within(inner, field)


def _leaf(shape: Shape) -> Property | None:
    if shape.type == "list":
        if shape.member.type == "structure":
            return Property("a list of objects", _spread, items=shape.member)
        return Property(TYPES.get(shape.member.type, shape.member.type), _spread)
    return Property(TYPES.get(shape.type, f"a {shape.type}"), _itself)


def _entry(name: str, shape: Shape) -> Property | None:
    """An entry of a map, whose key may have dots."""
    members = shape.value.members if shape.value.type == "structure" else {}
    if "NumberValue" in members:
        # A trial component's parameter is either a number or text.
        return Property("text or number", lambda entries: _parameter(entries.get(name)))
    if members:
        key, _, field = name.rpartition(".")
        inner = _at(field, shape.value) if key else None
        return inner and _within(inner, key)
    return Property(TYPES.get(shape.value.type, shape.value.type), _key(name))


def _hyperparameter(name: str, shape: Shape) -> Property | None:
    field = _field("HyperParameters", shape)
    if field is None or shape.members[field].type != "map":
        return None
    return _within(Property("text or number", _key(name), truncates=True), field)


def _tag(key: str, shape: Shape) -> Property | None:
    if "Tags" not in shape.members:
        return None
    return Property("text", _picked("Tags", "Key", key, ("Value",)))


def _metric(name: str, shape: Shape) -> Property | None:
    if "FinalMetricDataList" in shape.members:
        return Property(
            "number", _picked("FinalMetricDataList", "MetricName", name, ("Value",))
        )
    if "Metrics" not in shape.members:
        return None
    metric, _, last = name.rpartition(".")
    statistic = next((known for known in STATISTICS if known.lower() == last.lower()), None)
    if metric and statistic:
        return Property("number", _picked("Metrics", "MetricName", metric, (statistic,)))
    return Property("number", _picked("Metrics", "MetricName", name, ("Last",)))


_SPECIAL: Mapping[str, Callable[[str, Shape], Property | None]] = MappingProxyType(
    {"tags": _tag, "metrics": _metric, "hyperparameters": _hyperparameter}
)


def _field(name: str, shape: Shape) -> str | None:
    """The field called ``name``; the service's own suggestions are in lower case."""
    if name in shape.members:
        return name
    return next((field for field in shape.members if field.lower() == name.lower()), None)


def _itself(value: Any) -> Iterator[Any]:
    yield value


def _spread(values: Any) -> Iterator[Any]:
    yield from values


def _within(inner: Property, field: str) -> Property:
    """``inner`` of what ``field`` holds."""

    def values(record: Any) -> Iterator[Any]:
        found = record.get(field)
        if found is not None:
            yield from inner.values(found)

    return Property(inner.type, values, inner.items, inner.truncates)


def _each(inner: Property) -> Property:
    """``inner`` of every item of a list."""

    def values(items: Any) -> Iterator[Any]:
        for item in items:
            yield from inner.values(item)

    return Property(inner.type, values, inner.items, inner.truncates)


def _key(name: str) -> Values:
    def values(entries: Any) -> Iterator[Any]:
        if name in entries:
            yield entries[name]

    return values


def _parameter(entry: Mapping[str, Any] | None) -> Iterator[Any]:
    yield from (entry or {}).values()


def _picked(field: str, key: str, name: str, wanted: tuple[str, ...]) -> Values:
    """Of the objects in ``field`` whose ``key`` is ``name``, what ``wanted`` fields hold."""

    def values(record: Any) -> Iterator[Any]:
        for item in record.get(field, ()):
            if item.get(key) == name:
                yield from (item[part] for part in wanted if part in item)

    return values
