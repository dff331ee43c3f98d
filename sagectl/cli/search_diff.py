"""Two records of Search side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.render.columns import text
from sagectl.render.views import Computed, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# What experiments are compared by; --full compares everything.
_COMPARED = ("HyperParameters.", "Parameters.", "Metrics.", "Tags.")


def compared(
    left: Mapping[str, Any], right: Mapping[str, Any], names: tuple[str, str], *, is_full: bool
) -> Listing:
    """Rows of what the records differ in: the property, and its value in each.

    Records that have nothing that experiments are compared by are compared whole.
    """
    here, there = (dict(_leaves(record)) for record in (left, right))
    every = sorted(here.keys() | there.keys())
    some = [name for name in every if name.startswith(_COMPARED)]
    rows = [
        {"Property": name, "Left": here.get(name), "Right": there.get(name)}
        for name in (every if is_full else some or every)
        if here.get(name) != there.get(name)
    ]
    titles = zip(("PROPERTY", *names), ("Property", "Left", "Right"), strict=True)
    columns = [Computed(title, _cell(key)) for title, key in titles]
    return Listing("Differences", rows, columns, "property", "Property", "differences")


def _cell(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: text(row[key])


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path, named lists (metrics, tags) by their names."""
    if isinstance(value, dict):
        if set(value) <= {"NumberValue", "StringValue"}:
            yield from ((path, inner) for inner in value.values())
            return
        for key, item in value.items():
            name = "Metrics" if key == "FinalMetricDataList" else key
            yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _item(item, path, index)
    else:
        yield path, value


def _item(item: Any, path: str, index: int) -> Iterator[tuple[str, Any]]:
    if isinstance(item, dict) and "MetricName" in item:
        yield f"{path}.{item['MetricName']}", item.get("Value", item.get("Last"))
    elif isinstance(item, dict) and set(item) == {"Key", "Value"}:
        yield f"{path}.{item['Key']}", item["Value"]
    else:
        yield from _leaves(item, f"{path}[{index}]")
